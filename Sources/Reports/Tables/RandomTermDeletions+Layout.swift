// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// Likelihood-ratio tests of parts of the random effects; `term` is null for the whole model.
extension RandomTermDeletions: Reportable {
  public static let layout = ReportLayout<RandomTermDeletions>(
    [
      .title {
        "Single deletions of random effects, \($0.criterionKind == .reml ? "restricted " : "")likelihood-ratio tests"
      }, .fact("formula", "Formula", \.formula),
      .data(
        .text(json: "criterion", \.criterionKind.rawValue),
        .text(json: "boundary", \.boundary.rawValue)),
      .table(json: "rows", \.rows, label: \.shownName, width: 140, columns: columns),
      .notes(after: { table in
        table.rows.flatMap { $0.test?.simulationWords(name: $0.name ?? "") ?? [] }
      }),
    ], notes: { $0.rows.compactMap(\.note) })

  @Sendable private static func columns(_ table: RandomTermDeletions?) -> [Column<Row>] {
    [
      .text(json: "term", \.name), .text(tidy: "term", \.shownName),
      .count(json: "npar", tidy: "npar", header: "npar", \.parameterCount),
      .number(
        json: "log_likelihood", tidy: "logLik", header: "logLik", minimumDecimals: 1,
        \.logLikelihood),
      .number(json: "aic", tidy: "AIC", header: "AIC", minimumDecimals: 1, \.aic),
    ]
      + likelihoodRatioColumns(
        statistic: "LRT", pValue: "naive Pr(>Chisq)", showsMixture: table?.boundary != .naive,
        table?.boundary, \.test)
  }
}

extension RandomTermDeletions.Row {
  fileprivate var shownName: String { name ?? "<none>" }
}
