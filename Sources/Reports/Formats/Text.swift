// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// Text for people, its tables laid out as R prints a matrix.
public struct TextFormat: ReportFormat {
  public init() {}

  public func write(_ report: Report, to output: inout some TextOutputStream) {
    if let page = report.page { return output.write(page()) }
    for line in report.parts.compactMap(\.shown) { write(line, to: &output) }
  }

  private func write(_ part: ReportPart.Shown, to output: inout some TextOutputStream) {
    switch part {
    case .title(let text), .line(let text): write([text], to: &output)
    case .paragraph(let lines): write([""] + lines, to: &output)
    case .notes(let notes): write(noteLines(notes), to: &output)
    case .table(let table): write(table, to: &output)
    }
  }

  private func write(_ table: any ReportTable, to output: inout some TextOutputStream) {
    guard !table.headers.isEmpty else { return }
    if !table.isContinuation { output.write("\n") }
    if let heading = table.heading { write([heading], to: &output) }
    var lines: [String] = []
    table.forEachBlock { labels, columns in
      lines = TextTable(
        rowLabels: labels, columns: zip(table.headers, columns).map { ($0.text, $1) },
        alignment: .right
      ).lines(width: table.width)
      output.write(lines.joined(separator: "\n") + "\n")
    }
    write(table.footnotes, to: &output)
  }

  private func write(_ lines: [String], to output: inout some TextOutputStream) {
    for line in lines { output.write(printableText(line) + "\n") }
  }
}

extension ReportFormat where Self == TextFormat {
  public static var summary: TextFormat { TextFormat() }
}

/// Notes below a table.
func noteLines(_ notes: [String]) -> [String] {
  notes.isEmpty ? [] : [""] + notes.map { "Note: " + $0.printable.sentence }
}

extension String {
  var sentence: String { hasSuffix(".") ? self : self + "." }
}
