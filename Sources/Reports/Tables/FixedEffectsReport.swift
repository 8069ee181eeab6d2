// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// The coefficients of a fit with their tests, and the effects of absorbed factors' levels; in CSV a line
/// for each, `effect` being `fixed` or `absorbed`.
public struct FixedEffectsReport: Reportable {
  private let fit: Fit
  private let absorbed: [AbsorbedEffects]
  /// Parallel to `absorbed`; empty where they were not asked for.
  private let errors: [[Double]]

  /// - Parameters:
  ///   - fit: With tests.
  ///   - absorbed: See `FittedModel.absorbedEffects`.
  ///   - errors: See `FittedModel.absorbedStandardErrors()`.
  public init(_ fit: Fit, absorbed: [AbsorbedEffects] = [], errors: [[Double]] = []) {
    (self.fit, self.absorbed, self.errors) = (fit, absorbed, errors)
  }

  private struct Factor {
    let effects: AbsorbedEffects
    let errors: [Double]?

    func error(_ level: Int) -> Double? { effects.isRedundant[level] ? nil : errors?[level] }
  }

  private var factors: [Factor] {
    absorbed.indices.map { Factor(effects: absorbed[$0], errors: errors.isEmpty ? nil : errors[$0]) }
  }

  public static let layout = ReportLayout<FixedEffectsReport>(
    [
      .title { _ in "Fixed effects" },
      .fact("formula", "Formula", \.fit.formula),
      .data(
        .records("fixed", fixedColumns, \.fit.fixedEffects),
        .records("absorbed", absorbedColumns, \.factors)),
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

  private static let absorbedColumns: [Column<Factor>] = [
    .text(json: "factor", \.effects.name), .json("levels") { .strings($0.effects.levels) },
    .json("effects") { factor in
      .array(
        factor.effects.levels.indices.map {
          factor.effects.isRedundant[$0] ? .null : .number(factor.effects.values[$0])
        })
    },
    .json("std_errors") { factor in
      guard factor.errors != nil else { return .null }
      return .array(factor.effects.levels.indices.map { .optional(factor.error($0)) })
    },
  ]

  private var rows: AnySequence<EstimateRow> {
    let levels = factors.lazy.flatMap { factor in
      let effects = factor.effects
      return effects.levels.indices.lazy.map { level in
        EstimateRow(
          effect: "absorbed", group: effects.name, level: effects.levels[level],
          term: "(Intercept)",
          estimate: effects.isRedundant[level] ? nil : effects.values[level],
          standardError: factor.error(level))
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
    factors.map { factor in
      let effects = factor.effects
      let redundant = effects.isRedundant.count { $0 }
      let errors: [Column<Int>] =
        factor.errors == nil ? [] : [.number(header: "Std. Error") { factor.error($0) }]
      return ResultsTable(
        heading:
          "\(effects.name): \(effects.levels.count) levels\(redundant > 0 ? ", \(redundant) of them taken for 0" : "")",
        blockSize: Self.blockSize,
        columns: [.number(header: "Effect") { effects.isRedundant[$0] ? 0 : effects.values[$0] }]
          + errors, label: { effects.levels[$0] }, rows: { effects.levels.indices })
    }
  }
}
