// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// A section of HTML, well-formed as XML too, to be pasted into a page.
public struct HTMLFormat: ReportFormat {
  public init() {}

  public func write(_ report: Report, to output: inout some TextOutputStream) {
    output.write("<section>\n")
    for part in report.parts.compactMap(\.shown) {
      switch part {
      case .title(let text): output.write("<h3>\(Self.escaped(text))</h3>\n")
      case .line(let line): paragraphs([line], to: &output)
      case .paragraph(let lines): paragraphs(lines, to: &output)
      case .notes(let notes): paragraphs(notes.map { "Note: " + $0.sentence }, to: &output)
      case .table(let table): write(table, to: &output)
      }
    }
    output.write("</section>\n")
  }

  private func write(_ table: any ReportTable, to output: inout some TextOutputStream) {
    let headers = table.headers
    guard !headers.isEmpty else { return }
    let tags = headers.map { $0.isText ? "td" : "td style=\"text-align: right\"" }
    output.write("<table>\n")
    if let heading = table.heading {
      output.write("<caption>\(Self.escaped(heading))</caption>\n")
    }
    let names = headers.map { "<th scope=\"col\">\(Self.escaped($0.text))</th>" }
    output.write("<thead>\n<tr><td></td>\(names.joined())</tr>\n</thead>\n<tbody>\n")
    table.forEachBlock { labels, columns in
      for k in labels.indices {
        output.write("<tr><th scope=\"row\">\(Self.escaped(String(labels[k].trimmed)))</th>")
        for (tag, cells) in zip(tags, columns) {
          output.write("<\(tag)>\(Self.escaped(String(cells[k].trimmed)))</td>")
        }
        output.write("</tr>\n")
      }
    }
    output.write("</tbody>\n</table>\n")
    paragraphs(table.footnotes, to: &output)
  }

  private func paragraphs(_ lines: [String], to output: inout some TextOutputStream) {
    for line in lines { output.write("<p>\(Self.escaped(line))</p>\n") }
  }

  /// Without characters that XML forbids or gives a meaning to, or that reorder text; scalar by
  /// scalar, since a Character can hide a bracket behind a combining mark.
  static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      default: result += scalar.printable
      }
    }
  }
}

extension ReportFormat where Self == HTMLFormat {
  public static var html: HTMLFormat { HTMLFormat() }
}
