// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// Pooled fits: `fixed` has a row for every coefficient, with the names of the R package mice in CSV; `random`
/// the means of variances and covariances, the residual's last.
extension PooledFits: Reportable {
  public static let layout = ReportLayout<PooledFits>(
    [
      .title {
        "\($0.count) fits pooled by Rubin's rules; degrees of freedom of Barnard and Rubin, of complete data \($0.method.title)"
      }, .fact("formula", "Formula", \.formula),
      .data(
        .text(json: "method") { $0.criterionKind.rawValue }, .text(json: "ddf", \.method.rawValue),
        .number(json: "level", \.level), .count(json: "m", \.count),
        .json("nobs") { .array($0.observations.map(JSONValue.integer)) }),
      .table(json: "fixed", \.coefficients, label: \.name, width: 140, columns: columns),
      .data(
        .records("random", componentColumns, \.components), .number(json: "rho", \.autocorrelation)),
      .table(
        \.variances, label: \.group, heading: { _ in "Random effects, means of the fits" },
        columns: { _ in
          [
            .text(header: "Name", \.name), .number(header: "Variance", digits: 4, \.variance),
            .number(header: "Std.Dev.", digits: 4) { $0.variance.squareRoot() },
          ]
        }),
      .lines {
        $0.autocorrelation.map { ["Correlation of residuals in time: \(fixedNotation($0, decimals: 4))"] } ?? []
      }, .notes(),
    ], notes: \.messages)

  @Sendable private static func columns(_ pooled: PooledFits?) -> [Column<Coefficient>] {
    let limits = IntervalHeaders(level: pooled?.level)
    let count = pooled?.count
    return [
      .text(json: "term", tidy: "term", \.name), .count(tidy: "m") { _ in count },
      .number(json: "estimate", tidy: "estimate", header: "Estimate", \.estimate),
      .number(json: "std_error", tidy: "std.error", header: "Std. Error", \.standardError),
      .number(json: "statistic", tidy: "statistic", header: "t value", digits: 4, \.statistic),
      .number(json: "df", tidy: "df", header: "df", \.df), .pValue(\.pValue),
      .number(json: "conf_low", tidy: "conf.low", header: limits.lower, \.confidenceInterval.low),
      .number(json: "conf_high", tidy: "conf.high", header: limits.upper, \.confidenceInterval.high),
      .number(json: "within", tidy: "ubar", \.within), .number(json: "between", tidy: "b", \.between),
      .number(json: "df_complete", tidy: "dfcom", \.completeDF),
      .number(json: "riv", tidy: "riv", \.relativeIncrease),
      .number(json: "lambda", tidy: "lambda", \.lambda),
      .number(json: "fmi", tidy: "fmi", header: "fmi", digits: 3, \.missingInformation),
    ]
  }

  private static let componentColumns: [Column<Component>] = [
    .text(json: "group", \.name), .json("terms") { .strings($0.columns) },
    .json("cov") { .matrix($0.covariances) },
  ]

  private struct Variance {
    let group: String
    let name: String
    let variance: Double
  }

  private var variances: [Variance] {
    components.flatMap { component in
      component.columns.indices.map { k in
        Variance(
          group: k == 0 ? component.name : "", name: component.columns[k],
          variance: component.covariances[k][k])
      }
    }
  }
}
