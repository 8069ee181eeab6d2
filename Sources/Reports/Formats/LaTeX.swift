// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// LaTeX, to be pasted into a paper: tables with the rules of the package booktabs, numbers to the right.
///
/// Nothing is loaded and no float is made: a table is a `tabular` with its heading above it.
public struct LaTeXFormat: ReportFormat {
  public init() {}

  public func write(_ report: Report, to output: inout some TextOutputStream) {
    output.write("% needs \\usepackage{booktabs}\n")
    for part in report.parts.compactMap(\.shown) {
      switch part {
      case .title(let text): output.write("\\paragraph{\(Self.escaped(text))}\n\n")
      case .line(let line): paragraphs([line], to: &output)
      case .paragraph(let lines): paragraphs(lines, to: &output)
      case .notes(let notes): paragraphs(notes.map { "Note: " + $0.sentence }, to: &output)
      case .table(let table): write(table, to: &output)
      }
    }
  }

  private func write(_ table: any ReportTable, to output: inout some TextOutputStream) {
    let headers = table.headers
    guard !headers.isEmpty else { return }
    if let heading = table.heading { output.write("\\textbf{\(Self.escaped(heading))}\n\n") }
    let places = headers.map { $0.isText ? "l" : "r" }.joined()
    output.write("\\begin{tabular}{l\(places)}\n\\toprule\n")
    row([""] + headers.map(\.text), to: &output)
    output.write("\\midrule\n")
    table.forEachBlock { labels, columns in
      for k in labels.indices { row([labels[k]] + columns.map { $0[k] }, to: &output) }
    }
    output.write("\\bottomrule\n\\end{tabular}\n\n")
    paragraphs(table.footnotes, to: &output)
  }

  private func row(_ cells: [String], to output: inout some TextOutputStream) {
    let cells = cells.map { Self.cell(String($0.trimmed)) }
    output.write(cells.joined(separator: " & ") + " \\\\\n")
  }

  private func paragraphs(_ lines: [String], to output: inout some TextOutputStream) {
    for line in lines { output.write(Self.escaped(line) + "\n\n") }
  }

  /// A number has a minus sign and powers of ten; a bracket at the beginning would be an argument of the line
  /// before it.
  private static func cell(_ text: String) -> String {
    let sign = text.first.flatMap { "-<".contains($0) ? String($0) : nil } ?? ""
    let magnitude = text.dropFirst(sign.count)
    if Double(magnitude) != nil, magnitude.first?.isNumber == true {
      let parts = magnitude.split(separator: "e")
      guard parts.count == 2, let exponent = Int(parts[1]) else {
        return (sign.isEmpty ? "" : "$\(sign)$") + magnitude
      }
      return "$\(sign)\(parts[0])\\times10^{\(exponent)}$"
    }
    return (text.hasPrefix("[") ? "{}" : "") + escaped(text)
  }

  /// Without what LaTeX gives a meaning to; Greek and mathematical signs as mathematics, which any engine
  /// has. Scalar by scalar, since a Character can hide a sign behind a combining mark.
  static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&", "%", "$", "#", "_", "{", "}": result += "\\\(scalar)"
      default: result += signs[scalar] ?? scalar.printable.replacing("\\", with: "\\textbackslash{}")
      }
    }
  }

  private static let signs: [Unicode.Scalar: String] = [
    "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
    "|": "\\textbar{}", "<": "$<$", ">": "$>$", "\"": "\\textquotedbl{}", "“": "``", "”": "''",
    "θ": "$\\theta$", "β": "$\\beta$", "σ": "$\\sigma$", "ρ": "$\\rho$", "λ": "$\\lambda$",
    "χ": "$\\chi$", "Λ": "$\\Lambda$", "√": "$\\surd$", "²": "$^2$", "−": "$-$", "±": "$\\pm$",
    "·": "$\\cdot$", "×": "$\\times$", "≤": "$\\le$", "≥": "$\\ge$", "∞": "$\\infty$", "–": "--",
    "…": "\\ldots{}",
  ]
}

extension ReportFormat where Self == LaTeXFormat {
  public static var latex: LaTeXFormat { LaTeXFormat() }
}
