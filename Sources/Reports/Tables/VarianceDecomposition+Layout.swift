// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// Variances and the covariance of two factors' effects, a row for each and one for their correlation.
extension VarianceDecomposition: Reportable {
  public static let layout = ReportLayout<VarianceDecomposition>(
    [
      .title { "Variance of \($0.factors.map(\.name).joined(separator: " and ")), leave-one-out" },
      .fact("formula", "Formula", \.formula),
      .data(
        .count(json: "nobs", \.observations), .count(json: "nobs_all", \.allObservations),
        .records(
          "factors",
          [
            .text(json: "name", \.name), .count(json: "n_levels", \.levelCount),
            .count(json: "n_levels_all", \.allLevels),
          ], \.factors),
        .number(json: "response_variance", \.responseVariance),
        .number(json: "residual_variance", \.residualVariance),
        .number(json: "residual_variance_monte_carlo_error", \.residualVarianceError),
        .number(json: "largest_leverage", \.largestLeverage), .count(json: "random_vectors", \.vectors),
        .count(json: "leverage_random_vectors", \.leverageVectors),
        .number(json: "level", \.level)),
      .paragraph { table in
        [
          "Leave-one-out connected set: \(table.observations) of \(table.allObservations) rows, "
            + table.factors.map { "\($0.levelCount) of \($0.allLevels) levels of \($0.name)" }
            .joined(separator: ", "),
        ]
      },
      .table(json: "components", \.components, label: \.name, width: 120, columns: columns),
      .paragraph { table in
        let numbers = tableCells(
          [table.responseVariance, table.residualVariance], digits: TableDigits.of(4, standard: 4))
        return [
          "Variance of the response \(numbers[0]), mean error variance of the rows \(numbers[1])"
        ]
      },
      .notes(),
    ], notes: \.messages)

  @Sendable private static func columns(_ table: VarianceDecomposition?) -> [Column<Component>] {
    let isEstimated = table?.vectors != nil || table?.leverageVectors != nil
    return [
      .text(json: "component", tidy: "component", \.name),
      .number(json: "plug_in", tidy: "plug.in", header: "Plug-in", \.plugIn),
      .number(json: "corrected", tidy: "estimate", header: "Corrected", \.corrected),
      .number(json: "std_error", tidy: "std.error", header: "Std. Error", \.standardError),
      .number(json: "conf_low", tidy: "conf.low", header: "Lower") { $0.interval?.low },
      .number(json: "conf_high", tidy: "conf.high", header: "Upper") { $0.interval?.high },
      .number(
        json: "monte_carlo_error", tidy: "mc.error", header: isEstimated ? "MC error" : nil, digits: 2,
        \.monteCarloError),
    ]
  }
}
