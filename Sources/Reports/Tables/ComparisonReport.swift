// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// Likelihood-ratio tests of models, by number of parameters: the smallest model has no test.
/// `criterion` is what was compared.
public struct ComparisonReport: Reportable {
  private let comparison: ModelComparison
  private let data: [String]

  public init(_ comparison: ModelComparison, data: [String]) {
    (self.comparison, self.data) = (comparison, data)
  }

  public static let layout = ReportLayout<ComparisonReport>(
    [
      .lines(\.models),
      .data(
        .text(json: "criterion", \.comparison.criterionKind.rawValue),
        .text(json: "boundary", \.comparison.boundary.rawValue),
        .json("data") { .strings($0.data) }),
      .table(json: "models", \.comparison.rows, label: \.name, width: 140, columns: columns),
      .notes(after: { report in
        report.comparison.rows.flatMap { $0.test?.simulationWords(name: $0.name) ?? [] }
      }),
    ], notes: \.comparison.messages)

  private var models: [String] {
    (data.isEmpty ? [] : ["Data: \(data.listed)"]) + ["Models:"]
      + comparison.rows.map { "\($0.name): \($0.formula)" }
  }

  @Sendable private static func columns(
    _ report: ComparisonReport?
  ) -> [Column<ModelComparison.Row>] {
    let comparison = report?.comparison
    let deviance = comparison?.criterionKind == .reml ? "REML crit." : "-2*log(L)"
    let naive = comparison?.boundary == .naive ? "Pr(>Chisq)" : "naive Pr(>Chisq)"
    func decimal(
      _ json: String, tidy: String, header: String,
      _ value: @escaping @Sendable (ModelComparison.Row) -> Double?
    ) -> Column<ModelComparison.Row> {
      .number(json: json, tidy: tidy, header: header, minimumDecimals: 1, value)
    }
    return [
      .text(json: "name", tidy: "term", \.name), .text(json: "formula", tidy: "formula", \.formula),
      .count(json: "npar", tidy: "npar", header: "npar", \.parameterCount),
      decimal("aic", tidy: "AIC", header: "AIC", \.aic),
      decimal("bic", tidy: "BIC", header: "BIC", \.bic),
      decimal("log_likelihood", tidy: "logLik", header: "logLik", \.logLikelihood),
      decimal("deviance", tidy: "deviance", header: deviance, \.deviance),
    ]
      + likelihoodRatioColumns(
        statistic: "Chisq", pValue: naive, showsMixture: comparison?.boundary == .mixture,
        comparison?.boundary, \.test)
  }
}
