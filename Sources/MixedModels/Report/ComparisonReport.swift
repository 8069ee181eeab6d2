// SPDX-License-Identifier: GPL-2.0-or-later

/// Likelihood-ratio tests.
///
/// JSON: `criterion` (`ML` or `REML`: what was compared), `boundary`, `messages`, and `models`, an
/// array by number of parameters of `name`, `formula`, `npar`, `aic`, `bic`, `log_likelihood`,
/// `deviance`, `statistic`, `statistic_std_error` (null: exact), `df`, `p_value` (from χ²), `mixture` (an array of `weight` and `df`, or
/// null), `p_mixture`, `p_exact`, `p_exact_se`, `exact_is_approximate`, `p_bootstrap`,
/// `p_bootstrap_se`, `bootstrap_replicates`, `bootstrap_failed`, `bootstrap_singular`. The smallest
/// model has no test.
public struct ComparisonReport: InferenceReport {
  private let comparison: ModelComparison
  private let data: [String]
  public let notes: [String]

  public init(_ comparison: ModelComparison, data: [String], notes: [String] = []) {
    (self.comparison, self.data, self.notes) = (comparison, data, comparison.messages + notes)
  }

  public var summary: String {
    let rows = comparison.rows
    var lines = data.isEmpty ? [] : ["Data: \(data.joined(separator: ", ").printable)"]
    lines += ["Models:"] + rows.map { "\($0.name): \($0.formula)".printable } + [""]
    let isREML = comparison.criterionKind == .reml
    func decimal(_ values: [Double]) -> [String] { tableCells(values, minimumDecimals: 1) }
    let naive = comparison.boundary == .naive ? "Pr(>Chisq)" : "naive Pr(>Chisq)"
    var columns = [
      ("npar", rows.map { "\($0.parameterCount)" }), ("AIC", decimal(rows.map(\.aic))),
      ("BIC", decimal(rows.map(\.bic))), ("logLik", decimal(rows.map(\.logLikelihood))),
      (isREML ? "REML crit." : "-2*log(L)", decimal(rows.map(\.deviance))),
    ]
    columns += likelihoodRatioColumns(
      rows.map(\.test), statistic: "Chisq", pValue: naive,
      showsMixture: comparison.boundary == .mixture, comparison.boundary)
    lines += TextTable(rowLabels: rows.map(\.name), columns: columns, alignment: .right)
      .lines(width: 140)
    let all =
      notes + rows.flatMap { row in row.test.map { simulationWords($0, name: row.name) } ?? [] }
    return (lines + noteLines(all)).joined(separator: "\n") + "\n"
  }

  public var json: String {
    JSONValue.object([
      ("criterion", .string(comparison.criterionKind.rawValue)),
      ("boundary", .string(comparison.boundary.rawValue)), ("data", .strings(data)),
      (
        "models",
        .array(
          comparison.rows.map { row in
            .object(
              [
                ("name", .string(row.name)), ("formula", .string(row.formula)),
                ("npar", .integer(row.parameterCount)), ("aic", .number(row.aic)),
                ("bic", .number(row.bic)), ("log_likelihood", .number(row.logLikelihood)),
                ("deviance", .number(row.deviance)),
              ] + likelihoodRatioMembers(row.test))
          })
      ),
      ("messages", .strings(notes)),
    ]).document
  }

  public var tidy: String {
    var text = "term,formula,npar,AIC,BIC,logLik,deviance,\(likelihoodRatioHeader)\n"
    for row in comparison.rows {
      text.writeRecord(
        [
          .text(row.name), .text(row.formula), .integer(row.parameterCount), .number(row.aic),
          .number(row.bic), .number(row.logLikelihood), .number(row.deviance),
        ] + likelihoodRatioFields(row.test))
    }
    return text
  }
}
