// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Names of at most `limit` characters that still tell as many things apart as can be.
///
/// Long ones lose their end, or their middle where more of them differ at the end.
package func shortNames(_ names: [String], limit: Int) -> [String] {
  let shown = names.map(\.printable)
  let kept = max(limit - 1, 2)
  func cut(head: Int) -> [String] {
    shown.map { name in
      name.count > limit ? name.prefix(head) + "…" + name.suffix(kept - head) : name
    }
  }
  let (ends, middles) = (cut(head: kept), cut(head: kept / 2))
  return Set(ends).count >= Set(middles).count ? ends : middles
}

/// “group: column” and a suffix that stays whole; group and column are cut only as far as both
/// together need more than `limit` characters.
package func panelTitle(_ group: String, _ column: String, _ suffix: String, limit: Int) -> String {
  let room = max(limit - suffix.count - 2, 10)
  let (g, c) = (group.printable.count, column.printable.count)
  let columnRoom = g + c <= room ? c : max(room - g, min(c, room / 2))
  let shortColumn = shortNames([column], limit: columnRoom)[0]
  return shortNames([group], limit: room - shortColumn.count)[0] + ": " + shortColumn + suffix
}
