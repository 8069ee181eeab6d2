// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// One estimate of a fit with broom.mixed's names.
struct EstimateRow: Sendable {
  let effect: String
  var group: String?
  var level: String?
  let term: String
  let estimate: Double?
  var standardError: Double?
  var statistic: Double?
  var degreesOfFreedom: Double?
  var pValue: Double?
  var interval: (low: Double, high: Double)?

  static func columns<Row>(
    hasLevels: Bool, _ row: @escaping @Sendable (Row) -> EstimateRow?
  ) -> [Column<Row>] {
    [.text(tidy: "effect") { row($0)?.effect }, .text(tidy: "group") { row($0)?.group }]
      + (hasLevels ? [.text(tidy: "level") { row($0)?.level }] : [])
      + [
        .text(tidy: "term") { row($0)?.term }, .number(tidy: "estimate") { row($0)?.estimate },
        .number(tidy: "std.error") { row($0)?.standardError },
        .number(tidy: "statistic") { row($0)?.statistic },
        .number(tidy: "df") { row($0)?.degreesOfFreedom },
        .number(tidy: "p.value") { row($0)?.pValue },
        .number(tidy: "conf.low") { row($0)?.interval?.low },
        .number(tidy: "conf.high") { row($0)?.interval?.high },
      ]
  }
}

extension Fit {
  /// Coefficients, standard deviations and correlations, and conditional modes if there are any.
  var estimateRows: AnySequence<EstimateRow> {
    let independent = EstimateRow(parameter: "sd__Observation", of: "Residual", estimate: sigma)
    let parameters =
      fixedEffects.map(EstimateRow.init) + covarianceComponents.flatMap(\.estimateRows)
      + (residual == nil ? residualStrata?.estimateRows ?? [independent] : [])
      + (autocorrelation.map { [EstimateRow($0.correlation, of: "Residual")] } ?? [])
    let modes = (conditionalModes ?? []).lazy.flatMap(\.estimateRows)
    return AnySequence([AnySequence(parameters), AnySequence(modes)].joined())
  }
}

extension ConditionalModes {
  /// Column after column, made as they are asked for.
  var estimateRows: AnySequence<EstimateRow> {
    AnySequence(
      columns.indices.lazy.flatMap { c in
        levels.indices.lazy.map { level in
          let mode = mode(level: level, column: c)
          let deviation = standardDeviation(level: level, column: c)
          return EstimateRow(
            effect: "ran_vals", group: group, level: levels[level], term: columns[c],
            estimate: mode, standardError: deviation, interval: waldInterval(mode, deviation))
        }
      })
  }
}

extension ResidualStrata {
  fileprivate var estimateRows: [EstimateRow] {
    strata.map { stratum in
      var row = EstimateRow(
        parameter: "sd__Observation.\(stratum.label)", of: "Residual",
        estimate: stratum.standardDeviation)
      (row.standardError, row.interval) = (stratum.standardError, stratum.confidenceInterval)
      return row
    }
  }
}

extension EstimateRow {
  init(_ fixed: FixedEffect) {
    self.init(
      effect: "fixed", term: fixed.name, estimate: fixed.estimate,
      standardError: fixed.standardError, statistic: fixed.statistic,
      degreesOfFreedom: fixed.degreesOfFreedom, pValue: fixed.pValue,
      interval: fixed.confidenceInterval)
  }

  fileprivate init(_ parameter: StructureEstimate, of group: String) {
    self.init(
      effect: "ran_pars", group: group, term: parameter.name, estimate: parameter.estimate,
      standardError: parameter.standardError, interval: parameter.interval)
  }

  fileprivate init(parameter: String, of group: String, estimate: Double?) {
    self.init(effect: "ran_pars", group: group, term: parameter, estimate: estimate)
  }
}

extension VarianceComponent {
  /// Down the columns of the lower triangle: a standard deviation, then its correlations.
  fileprivate var estimateRows: [EstimateRow] {
    columns.indices.flatMap { column in
      [
        EstimateRow(
          parameter: "sd__\(columns[column])", of: name, estimate: reportedDeviations[column])
      ]
        + columns.indices.dropFirst(column + 1).map { row in
          EstimateRow(
            parameter: "cor__\(columns[column]).\(columns[row])", of: name,
            estimate: correlations[row][column])
        }
    } + (structure?.parameters ?? []).map { EstimateRow($0, of: name) }
  }
}
