// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// The coefficients of a fit with their tests, and the effects of absorbed factors' levels; in CSV a line
/// for each, `effect` being `fixed` or `absorbed`.
public struct FixedEffectsReport: Reportable {
  private let fit: Fit
  private let absorbed: [AbsorbedEffects]

  /// - Parameters:
  ///   - fit: With tests.
  ///   - absorbed: See `FittedModel.absorbedEffects`.
  public init(_ fit: Fit, absorbed: [AbsorbedEffects] = []) {
    (self.fit, self.absorbed) = (fit, absorbed)
  }

  public static let layout = ReportLayout<FixedEffectsReport>(
    [
      .title { _ in "Fixed effects" },
      .fact("formula", "Formula", \.fit.formula),
      .data(
        .records("fixed", fixedColumns, \.fit.fixedEffects),
        .records("absorbed", absorbedColumns, \.absorbed)),
      .tables { [$0.coefficientTable] + $0.levelTables },
      .table(
        \.rows,
        columns: { report in
          EstimateRow.columns(hasLevels: report.map { !$0.absorbed.isEmpty } ?? true) { $0 }
        }),
    ], jsonStyle: .levels(1))

  private static let fixedColumns: [Column<FixedEffect>] = [
    .text(json: "term", \.name), .number(json: "estimate", \.estimate),
    .number(json: "std_error", \.standardError), .number(json: "df", \.degreesOfFreedom),
    .number(json: "statistic", \.statistic), .number(json: "p_value", \.pValue),
    .number(json: "conf_low") { $0.confidenceInterval?.low },
    .number(json: "conf_high") { $0.confidenceInterval?.high },
  ]

  private static let absorbedColumns: [Column<AbsorbedEffects>] = [
    .text(json: "factor", \.name), .json("levels") { .strings($0.levels) },
    .json("effects") { effects in
      .array(
        effects.levels.indices.map {
          effects.isRedundant[$0] ? .null : .number(effects.values[$0])
        })
    },
  ]

  private var rows: AnySequence<EstimateRow> {
    let levels = absorbed.lazy.flatMap { factor in
      factor.levels.indices.lazy.map { level in
        EstimateRow(
          effect: "absorbed", group: factor.name, level: factor.levels[level], term: "(Intercept)",
          estimate: factor.isRedundant[level] ? nil : factor.values[level])
      }
    }
    return AnySequence(
      [AnySequence(fit.fixedEffects.map(EstimateRow.init)), AnySequence(levels)].joined())
  }

  private var coefficientTable: any ReportTable {
    CellTable(
      heading: fit.keptFixedEffects.isEmpty ? "No coefficients" : "Coefficients",
      labels: fit.keptFixedEffects.map(\.name),
      columns: fit.keptFixedEffects.isEmpty
        ? [] : fit.coefficientColumns.map { ($0.header, $0.cells, false) })
  }

  /// Levels that are formatted together.
  private static let blockSize = 10_000

  private var levelTables: [any ReportTable] {
    absorbed.map { factor in
      let redundant = factor.isRedundant.count { $0 }
      return ResultsTable(
        heading:
          "\(factor.name): \(factor.levels.count) levels\(redundant > 0 ? ", \(redundant) of them taken for 0" : "")",
        blockSize: Self.blockSize,
        columns: [.number(header: "Effect") { factor.isRedundant[$0] ? 0 : factor.values[$0] }],
        label: { factor.levels[$0] }, rows: { factor.levels.indices })
    }
  }
}
