// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// A table in fixed-width characters, laid out as R prints a matrix.
package struct TextTable {
  package enum Alignment: Sendable { case left, right }

  private let rowLabels: [String]
  private let columns: [(header: String, cells: [String])]
  private let alignment: Alignment

  package init(
    rowLabels: [String], columns: [(header: String, cells: [String])], alignment: Alignment
  ) {
    self.rowLabels = rowLabels.map(\.printable)
    self.columns = columns.map { ($0.header.printable, $0.cells.map(\.printable)) }
    self.alignment = alignment
  }

  /// Lines without trailing blanks.
  ///
  /// Columns that do not fit in `width` characters follow below, under their own headers, with the
  /// row labels repeated.
  package func lines(width: Int = 80) -> [String] {
    let labelWidth = rowLabels.map(\.count).max() ?? 0
    let widths = columns.map { column in
      max(column.header.count, column.cells.map(\.count).max() ?? 0)
    }
    var lines: [String] = []
    var first = 0
    repeat {
      var last = first
      var used = labelWidth
      while last < columns.count, last == first || used + widths[last] + 1 < width {
        used += widths[last] + 1
        last += 1
      }
      let block = first..<last
      lines.append(
        line("", labelWidth, cells: block.map { (columns[$0].header, widths[$0]) }))
      for (row, label) in rowLabels.enumerated() {
        lines.append(
          line(label, labelWidth, cells: block.map { (columns[$0].cells[row], widths[$0]) }))
      }
      first = last
    } while first < columns.count
    return lines
  }

  private func line(
    _ label: String, _ labelWidth: Int, cells: [(text: String, width: Int)]
  ) -> String {
    let padded = cells.map { text, width in
      let blanks = String(repeating: " ", count: max(0, width - text.count))
      return alignment == .left ? " " + text + blanks : " " + blanks + text
    }
    let label = label + String(repeating: " ", count: labelWidth - label.count)
    return (label + padded.joined()).trimmingTrailingBlanks()
  }
}

extension String {
  /// Without characters that would break a line or steer a terminal; they become escapes.
  package var printable: String { printableText(self) }

  package func trimmingTrailingBlanks() -> String {
    String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)])
  }
}
