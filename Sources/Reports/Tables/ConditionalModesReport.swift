// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// The conditional modes of a fit, level by level: for every column mode and standard deviation, and
/// reliability and accuracy where levels are related; in CSV broom.mixed's `ran_vals`, a line for
/// every level and column.
public struct ConditionalModesReport: Reportable {
  private let formula: String
  private let terms: [Term]

  fileprivate struct Term {
    let modes: ConditionalModes
    let reliabilities: Reliabilities?
  }

  private struct Row {
    let estimate: EstimateRow
    let reliability: Double?
    let accuracy: Double?
  }

  /// - Parameters:
  ///   - fit: Made with conditional modes.
  ///   - reliabilities: Of its terms, see `FittedModel.reliabilities()`; empty where there are none.
  public init(_ fit: Fit, reliabilities: [Reliabilities?] = []) {
    formula = fit.formula
    terms = (fit.conditionalModes ?? []).enumerated().map { t, modes in
      Term(modes: modes, reliabilities: t < reliabilities.count ? reliabilities[t] : nil)
    }
  }

  public static let layout = ReportLayout<ConditionalModesReport>(
    [
      .title { _ in "Conditional modes and standard deviations" },
      .fact("formula", "Formula", \.formula),
      .data(.records("ranef", jsonColumns, \.terms)),
      .tables(\.levelTables),
      .table(
        \.rows,
        columns: { report in
          EstimateRow.columns(hasLevels: true) { $0.estimate }.filter { !isTest($0) }
            + (report?.hasReliabilities == true ? reliabilityColumns : [])
        }),
    ], jsonStyle: .levels(1))

  private static func isTest(_ column: Column<Row>) -> Bool {
    ["statistic", "df", "p.value"].contains(column.tidy)
  }

  private static let reliabilityColumns: [Column<Row>] = [
    .number(tidy: "reliability", \.reliability), .number(tidy: "accuracy", \.accuracy),
  ]

  private static let jsonColumns: [Column<Term>] =
    ConditionalModes.jsonMembers.map { name, value in Column.json(name) { value($0.modes) } } + [
      Column.json("reliability") { $0.json(Reliabilities.reliability) },
      Column.json("accuracy") { $0.json(Reliabilities.accuracy) },
    ]

  private var hasReliabilities: Bool { terms.contains { $0.reliabilities != nil } }

  private var rows: AnySequence<Row> {
    AnySequence(
      terms.lazy.flatMap { term in
        let levels = term.modes.levels.count
        return term.modes.estimateRows.lazy.enumerated().map { k, estimate in
          Row(
            estimate: estimate,
            reliability: term.reliabilities?.reliability(level: k % levels, column: k / levels),
            accuracy: term.reliabilities?.accuracy(level: k % levels, column: k / levels))
        }
      })
  }

  /// Levels that are formatted together.
  private static let blockSize = 10_000

  private var levelTables: [any ReportTable] {
    terms.map { term in
      let modes = term.modes
      return ResultsTable(
        heading: "\(modes.name): \(modes.levels.count) levels", blockSize: Self.blockSize,
        columns: modes.columns.indices.flatMap { c -> [Column<Int>] in
          [
            .number(header: modes.columns[c]) { modes.mode(level: $0, column: c) },
            .number(header: "SD") { modes.standardDeviation(level: $0, column: c) },
          ] + term.columns(c)
        }, label: { modes.levels[$0] }, rows: { modes.levels.indices })
    }
  }
}

extension ConditionalModesReport.Term {
  fileprivate func columns(_ c: Int) -> [Column<Int>] {
    guard let reliabilities else { return [] }
    @Sendable func share(_ value: Double?) -> String {
      value.map { fixedNotation($0, decimals: 4) } ?? "NA"
    }
    return [
      .shown("Reliability") { $0.map { share(reliabilities.reliability(level: $0, column: c)) } },
      .shown("Accuracy") { $0.map { share(reliabilities.accuracy(level: $0, column: c)) } },
    ]
  }

  /// Levels × columns; null for independent levels.
  fileprivate func json(
    _ value: @escaping @Sendable (Reliabilities) -> (Int, Int) -> Double?
  ) -> JSONValue {
    guard let reliabilities else { return .null }
    return .array(
      modes.levels.indices.map { level in
        .array(
          modes.columns.indices.map { .optional(value(reliabilities)(level, $0)) })
      })
  }
}
