// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// Markdown with tables as GitHub reads them, to be pasted into a page.
public struct MarkdownFormat: ReportFormat {
  public init() {}

  public func write(_ report: Report, to output: inout some TextOutputStream) {
    for part in report.parts.compactMap(\.shown) {
      switch part {
      case .title(let text): output.write("### \(Self.escaped(text))\n\n")
      case .line(let line): paragraphs([line], to: &output)
      case .paragraph(let lines): paragraphs(lines, to: &output)
      case .notes(let notes): paragraphs(notes.map { "Note: " + $0.sentence }, to: &output)
      case .table(let table): write(table, to: &output)
      }
    }
  }

  private func write(_ table: any ReportTable, to output: inout some TextOutputStream) {
    guard !table.headers.isEmpty else { return }
    if let heading = table.heading { output.write("**\(Self.escaped(heading))**\n\n") }
    row([""] + table.headers.map(\.text), to: &output)
    output.write(
      "| :--- |" + table.headers.map { $0.isText ? " :--- |" : " ---: |" }.joined() + "\n")
    table.forEachBlock { labels, columns in
      for k in labels.indices { row([labels[k]] + columns.map { $0[k] }, to: &output) }
    }
    output.write("\n")
    paragraphs(table.footnotes, to: &output)
  }

  private func row(_ cells: [String], to output: inout some TextOutputStream) {
    output.write("| " + cells.map(Self.escaped).joined(separator: " | ") + " |\n")
  }

  private func paragraphs(_ lines: [String], to output: inout some TextOutputStream) {
    for line in lines { output.write(Self.escaped(line) + "\n\n") }
  }

  /// Without what Markdown or HTML gives a meaning to, or breaks a line; scalar by scalar, since a
  /// Character can hide a sign behind a combining mark.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars.trimmingBlanks() {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "|", "`", "*", "_", "[", "]", "#", "~", "!", "$", "\\":
        result += "\\"
        result.unicodeScalars.append(scalar)
      default: result += scalar.printable.replacing("\\", with: "\\\\")
      }
    }
    return result
  }
}

extension String.UnicodeScalarView {
  /// Four blanks at its beginning would make code of a line.
  fileprivate func trimmingBlanks() -> Substring.UnicodeScalarView {
    let rest = drop { $0 == " " }
    return rest[..<(rest.lastIndex { $0 != " " }.map(rest.index(after:)) ?? rest.startIndex)]
  }
}

extension ReportFormat where Self == MarkdownFormat {
  public static var markdown: MarkdownFormat { MarkdownFormat() }
}
