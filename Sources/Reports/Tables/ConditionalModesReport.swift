// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// The conditional modes of a fit, level by level: for every column mode and standard deviation; in
/// CSV broom.mixed's `ran_vals`, a line for every level and column.
public struct ConditionalModesReport: Reportable {
  private let formula: String
  private let terms: [ConditionalModes]

  /// `fit` must have been made with conditional modes.
  public init(_ fit: Fit) {
    (formula, terms) = (fit.formula, fit.conditionalModes ?? [])
  }

  public static let layout = ReportLayout<ConditionalModesReport>(
    [
      .title { _ in "Conditional modes and standard deviations" },
      .fact("formula", "Formula", \.formula),
      .data(.records("ranef", ConditionalModes.jsonMembers.map(Column.json), \.terms)),
      .tables(\.levelTables),
      .table(
        { AnySequence($0.terms.lazy.flatMap(\.estimateRows)) },
        columns: { _ in
          EstimateRow.columns(hasLevels: true) { $0 }.filter { !isTest($0) }
        }),
    ], jsonStyle: .levels(1))

  private static func isTest(_ column: Column<EstimateRow>) -> Bool {
    ["statistic", "df", "p.value"].contains(column.tidy)
  }

  /// Levels that are formatted together.
  private static let blockSize = 10_000

  private var levelTables: [any ReportTable] {
    terms.map { term in
      ResultsTable(
        heading: "\(term.name): \(term.levels.count) levels", blockSize: Self.blockSize,
        columns: term.columns.indices.flatMap { c -> [Column<Int>] in
          [
            .number(header: term.columns[c]) { term.mode(level: $0, column: c) },
            .number(header: "SD") { term.standardDeviation(level: $0, column: c) },
          ]
        }, label: { term.levels[$0] }, rows: { term.levels.indices })
    }
  }
}
