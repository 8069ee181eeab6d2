// SPDX-License-Identifier: GPL-2.0-or-later

/// One CSV record per parameter, with the columns and names of the R package broom.mixed.
///
/// `effect` is `fixed` for coefficients, `ran_pars` for standard deviations and correlations, and
/// `ran_vals` for conditional modes, which are written, with a column `level` after `group`, if the
/// fit holds them. Missing values are `NA`.
public struct TidyReport: ReportFormat {
  public init() {}

  public func write(_ fit: Fit, to output: inout some TextOutputStream) {
    let hasLevels = fit.conditionalModes != nil
    output.writeRecord(Self.columns(hasLevels: hasLevels).map(DelimitedField.text))
    Self.forEachRecord(of: fit, hasLevels: hasLevels) { output.writeRecord($0) }
  }

  static func columns(hasLevels: Bool) -> [String] {
    ["effect", "group"] + (hasLevels ? ["level"] : [])
      + [
        "term", "estimate", "std.error", "statistic", "df", "p.value", "conf.low", "conf.high",
      ]
  }

  static func forEachRecord(
    of fit: Fit, hasLevels: Bool, _ body: ([DelimitedField]) -> Void
  ) {
    func add(_ row: TidyRow) { body(row.fields(hasLevels: hasLevels)) }
    for effect in fit.fixedEffects { add(TidyRow(effect)) }
    for component in fit.varianceComponents { component.tidyRows.forEach(add) }
    add(TidyRow(parameter: "sd__Observation", of: "Residual", estimate: fit.sigma))
    for modes in fit.conditionalModes ?? [] {
      for (column, term) in modes.columns.enumerated() {
        for (level, label) in modes.levels.enumerated() {
          add(
            TidyRow(
              mode: modes.mode(level: level, column: column),
              sd: modes.standardDeviation(level: level, column: column),
              term: term, group: modes.group, level: label))
        }
      }
    }
  }
}

private struct TidyRow {
  var effect: String
  var group: String?
  var level: String?
  var term: String
  var estimate: Double?
  var standardError: Double?
  var statistic: Double?
  var degreesOfFreedom: Double?
  var pValue: Double?
  var interval: (low: Double, high: Double)?

  init(_ fixed: FixedEffect) {
    (effect, term) = ("fixed", fixed.name)
    (estimate, standardError) = (fixed.estimate, fixed.standardError)
    (statistic, interval) = (fixed.statistic, fixed.confidenceInterval)
    (degreesOfFreedom, pValue) = (fixed.degreesOfFreedom, fixed.pValue)
  }

  init(parameter: String, of group: String, estimate: Double?) {
    effect = "ran_pars"
    (self.group, term, self.estimate) = (group, parameter, estimate)
  }

  init(mode: Double, sd: Double, term: String, group: String, level: String) {
    effect = "ran_vals"
    (self.group, self.level, self.term) = (group, level, term)
    (estimate, standardError, interval) = (mode, sd, waldInterval(mode, sd))
  }

  func fields(hasLevels: Bool) -> [DelimitedField] {
    var fields: [DelimitedField] = [.text(effect), group.map(DelimitedField.text) ?? .missing]
    if hasLevels { fields.append(level.map(DelimitedField.text) ?? .missing) }
    fields += [
      .text(term), .number(estimate), .number(standardError), .number(statistic),
      .number(degreesOfFreedom), .number(pValue), .number(interval?.low), .number(interval?.high),
    ]
    return fields
  }
}

extension VarianceComponent {
  /// Down the columns of the lower triangle: a standard deviation, then its correlations.
  fileprivate var tidyRows: [TidyRow] {
    columns.indices.flatMap { column in
      [
        TidyRow(
          parameter: "sd__\(columns[column])", of: name, estimate: reportedDeviations[column])
      ]
        + columns.indices.dropFirst(column + 1).map { row in
          TidyRow(
            parameter: "cor__\(columns[column]).\(columns[row])", of: name,
            estimate: correlations[row][column])
        }
    }
  }
}
