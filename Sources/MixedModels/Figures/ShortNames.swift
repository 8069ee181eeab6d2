// SPDX-License-Identifier: GPL-2.0-or-later

/// Names of at most `limit` characters that still tell as many things apart as can be.
///
/// Long ones lose their end, or their middle where more of them differ at the end.
func shortNames(_ names: [String], limit: Int) -> [String] {
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
