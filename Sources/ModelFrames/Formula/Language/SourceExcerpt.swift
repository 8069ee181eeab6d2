// SPDX-License-Identifier: GPL-2.0-or-later

/// The line of a text that holds a range, cut to the width of a terminal, and the caret under it.
package struct SourceExcerpt {
  /// Columns shown of a long line.
  static let width = 76

  /// "column 16", or "line 2, column 3" if the text has several lines.
  package let place: String
  package let line: String
  package let caret: String

  package init(of text: String, range: Range<Int>) {
    let characters = Array(text)
    let start = min(range.lowerBound, characters.count)
    let first = characters[..<start].lastIndex(where: \.isNewline).map { $0 + 1 } ?? 0
    let end = characters[start...].firstIndex(where: \.isNewline) ?? characters.count
    let column = "column \(start - first + 1)"
    if characters.contains(where: \.isNewline) {
      let number = characters[..<first].count(where: \.isNewline) + 1
      place = "line \(number), \(column)"
    } else {
      place = column
    }

    let cells = characters[first..<end].map(DisplayCell.init)
    let marked = (start - first)..<max(start - first, min(range.upperBound - first, cells.count))
    let window = SourceExcerpt.window(around: marked, in: cells)
    let left = window.lowerBound > 0 ? "…" : ""
    let right = window.upperBound < cells.count ? "…" : ""
    line = left + cells[window].map(\.text).joined() + right
    let before = cells[window.lowerBound..<marked.lowerBound].reduce(left.count) { $0 + $1.width }
    let under = cells[marked.clamped(to: window)].reduce(0) { $0 + $1.width }
    caret =
      String(repeating: " ", count: before) + String(repeating: "^", count: max(under, 1))
  }

  /// The cells shown: all, or as many around the start of `marked` as fit.
  private static func window(around marked: Range<Int>, in cells: [DisplayCell]) -> Range<Int> {
    if cells.reduce(0, { $0 + $1.width }) <= width { return 0..<cells.count }
    var lower = marked.lowerBound
    var upper = marked.lowerBound
    var free = width - 2
    // One more cell on the right, then one on the left, while there is room.
    while true {
      let old = (lower, upper)
      if upper < cells.count, cells[upper].width <= free {
        free -= cells[upper].width
        upper += 1
      }
      if lower > 0, cells[lower - 1].width <= free {
        free -= cells[lower - 1].width
        lower -= 1
      }
      if old == (lower, upper) { return lower..<upper }
    }
  }
}
