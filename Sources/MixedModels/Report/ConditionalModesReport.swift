// SPDX-License-Identifier: GPL-2.0-or-later

/// The conditional modes of a fit, written level by level.
public struct ConditionalModesReport {
  private let formula: String
  private let terms: [ConditionalModes]

  /// `fit` must have been made with conditional modes.
  public init(_ fit: Fit) {
    (formula, terms) = (fit.formula, fit.conditionalModes ?? [])
  }

  /// A table for every term: level, and for every column mode and standard deviation.
  public func writeSummary(to output: inout some TextOutputStream) {
    output.write("Conditional modes and standard deviations\nFormula: \(formula.printable)\n")
    for term in terms {
      output.write("\n\(term.name.printable): \(term.levels.count) levels\n")
      for chunk in stride(from: 0, to: term.levels.count, by: Self.chunk) {
        let levels = chunk..<min(chunk + Self.chunk, term.levels.count)
        let columns = term.columns.indices.flatMap { c in
          [
            (term.columns[c], cells(levels) { term.mode(level: $0, column: c) }),
            ("SD", cells(levels) { term.standardDeviation(level: $0, column: c) }),
          ]
        }
        let table = TextTable(
          rowLabels: levels.map { term.levels[$0].printable }, columns: columns, alignment: .right)
        output.write(table.lines().joined(separator: "\n") + "\n")
      }
    }
  }

  /// Levels of one table, which are formatted together.
  private static let chunk = 10_000

  private func cells(_ levels: Range<Int>, _ value: (Int) -> Double) -> [String] {
    NumberColumn(levels.map(value), digits: 5).cells
  }

  /// broom.mixed's `ran_vals`: a line for every level and column.
  public func writeTidy(to output: inout some TextOutputStream) {
    output.write("effect,group,level,term,estimate,std.error,conf.low,conf.high\n")
    for term in terms {
      for (c, column) in term.columns.enumerated() {
        for (level, label) in term.levels.enumerated() {
          let mode = term.mode(level: level, column: c)
          let sd = term.standardDeviation(level: level, column: c)
          let interval = waldInterval(mode, sd)
          output.writeRecord([
            .text("ran_vals"), .text(term.group), .text(label), .text(column), .number(mode),
            .number(sd), .number(interval.low), .number(interval.high),
          ])
        }
      }
    }
  }

  public func writeJSON(to output: inout some TextOutputStream) {
    JSONValue.object([
      ("formula", .string(formula)),
      ("ranef", .array(terms.map { $0.json(withCovariances: true) })),
    ]).write(to: &output, breakingLines: 1)
    output.write("\n")
  }
}
