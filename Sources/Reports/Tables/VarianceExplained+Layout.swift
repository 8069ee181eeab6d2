// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// R², intraclass correlations and principal components of the random effects.
extension VarianceExplained: Reportable {
  public static let layout = ReportLayout<VarianceExplained>(
    [
      .title { _ in "Variance explained" }, .fact("formula", "Formula", \.formula),
      .data(
        .text(json: "criterion", \.criterionKind.rawValue), .record("variance", varianceColumns),
        .record("r2", r2Columns), .record("icc", correlationColumns),
        .records("pca", componentColumns, \.components),
        .records("ratios", ratioColumns, \.ratios)),
      .table(
        \.parts, label: \.name,
        columns: { table in
          let total = (table?.parts ?? []).reduce(0) { $0 + $1.variance }
          return [
            .number(header: "Variance", \.variance),
            .number(header: "Share", digits: 4) { $0.variance / total },
          ]
        }),
      .paragraph { table in
        [
          "R2 (Nakagawa): marginal \(cell(table.marginalR²)), conditional \(cell(table.conditionalR²))"
        ]
      },
      .tables(\.correlationTables), .tables(\.componentTables), .tables(\.ratioTables),
      .table(
        \.numbers,
        columns: { table in
          numberColumns + (table?.ratios.isEmpty == false ? errorColumns : [])
        }),
      .notes(),
    ], notes: \.messages)

  // MARK: - Objects of JSON

  private static let varianceColumns: [Column<VarianceExplained>] = [
    .number(json: "fixed", \.fixedVariance), .number(json: "random", \.randomVariance),
    .number(json: "residual", \.residualVariance),
    .records(
      "terms",
      [
        .text(json: "term", \.name), .text(json: "group", \.group),
        .number(json: "variance", \.variance),
      ], \.shares),
  ]

  private static let r2Columns: [Column<VarianceExplained>] = [
    .number(json: "marginal", \.marginalR²), .number(json: "conditional", \.conditionalR²),
  ]

  private static let correlationColumns: [Column<VarianceExplained>] = [
    .number(json: "adjusted", \.adjustedICC), .number(json: "unadjusted", \.unadjustedICC),
    .records(
      "groups",
      [
        .text(json: "group", \.group), .number(json: "variance", \.variance),
        .number(json: "adjusted", \.adjusted), .number(json: "unadjusted", \.unadjusted),
      ], \.correlations),
  ]

  private static let componentColumns: [Column<PrincipalComponents>] = [
    .text(json: "group", \.group), .json("sd") { .numbers($0.standardDeviations) },
    .json("proportion") { .array($0.proportions.map(JSONValue.optional)) },
    .json("cumulative") { .array($0.cumulativeProportions.map(JSONValue.optional)) },
  ]

  private static let ratioColumns: [Column<VarianceRatio>] = [
    .text(json: "ratio", \.expression), .number(json: "estimate", \.estimate),
    .number(json: "std_error", \.standardError),
    .number(json: "conf_low") { $0.interval?.low },
    .number(json: "conf_high") { $0.interval?.high }, .text(json: "message", \.message),
  ]

  // MARK: - Tables for people

  private var parts: [(name: String, variance: Double)] {
    [("fixed part", fixedVariance)] + shares.map { ($0.name, $0.variance) }
      + [("Residual", residualVariance)]
  }

  /// None without random effects.
  private var correlationTables: [any ReportTable] {
    let groups = correlations.map { ($0.group, $0.adjusted, $0.unadjusted) }
    guard !groups.isEmpty else { return [] }
    let rows = groups + (groups.count > 1 ? [("all", adjustedICC, unadjustedICC)] : [])
    let columns: [Column<(String, Double, Double)>] = [
      .number(header: "adjusted", digits: 4, \.1), .number(header: "unadjusted", digits: 4, \.2),
    ]
    return [
      ResultsTable(
        heading: "Intraclass correlations:", columns: columns, label: \.0, rows: { rows })
    ]
  }

  private var ratioTables: [any ReportTable] {
    guard !ratios.isEmpty else { return [] }
    let columns: [Column<VarianceRatio>] = [
      .number(header: "Estimate", \.estimate), .number(header: "Std. Error", \.standardError),
      .number(header: "Lower") { $0.interval?.low }, .number(header: "Upper") { $0.interval?.high },
      .text(header: "", \.message),
    ]
    return [
      ResultsTable(
        heading: "Functions of the variances:",
        columns: ratios.contains { $0.message != nil } ? columns : columns.dropLast(),
        label: \.expression, rows: { ratios })
    ]
  }

  private static func cell(_ value: Double?) -> String { tableCells([value], digits: TableDigits.of(4, standard: 4))[0] }

  private var componentTables: [any ReportTable] {
    components.enumerated().map { index, component in
      let rows = [
        ("Standard deviation", component.standardDeviations.map(Optional.some)),
        ("Proportion of Variance", component.proportions),
        ("Cumulative Proportion", component.cumulativeProportions),
      ]
      return ResultsTable(
        heading: index == 0
          ? "Principal components of the random effects, relative to sigma:" : nil,
        isContinuation: index > 0, width: 100,
        columns: component.standardDeviations.indices.map { k in
          .shown(k == 0 ? "\(component.group) PC1" : "PC\(k + 1)") { $0.map { Self.cell($0.1[k]) } }
        }, label: \.0, rows: { rows })
    }
  }

  // MARK: - CSV: one line for every number

  private struct Number {
    var name: String
    var group: String?
    var component: Int?
    var value: Double?
    var error: Double?
    var interval: (low: Double, high: Double)?
  }

  /// Where there are ratios.
  private static let errorColumns: [Column<Number>] = [
    .number(tidy: "std.error", \.error), .number(tidy: "conf.low") { $0.interval?.low },
    .number(tidy: "conf.high") { $0.interval?.high },
  ]

  private static let numberColumns: [Column<Number>] = [
    .text(tidy: "statistic", \.name), .text(tidy: "group", \.group),
    .count(tidy: "component", \.component), .number(tidy: "estimate", \.value),
  ]

  private var numbers: [Number] {
    var numbers = [Number(name: "var.fixed", value: fixedVariance)]
    numbers += shares.map { Number(name: "var.random", group: $0.name, value: $0.variance) }
    numbers += [
      Number(name: "var.residual", value: residualVariance),
      Number(name: "R2.marginal", value: marginalR²),
      Number(name: "R2.conditional", value: conditionalR²),
      Number(name: "ICC.adjusted", value: adjustedICC),
      Number(name: "ICC.unadjusted", value: unadjustedICC),
    ]
    for group in correlations {
      numbers += [
        Number(name: "ICC.adjusted", group: group.group, value: group.adjusted),
        Number(name: "ICC.unadjusted", group: group.group, value: group.unadjusted),
      ]
    }
    for part in components {
      for k in part.standardDeviations.indices {
        numbers += [
          Number(
            name: "pca.sd", group: part.group, component: k + 1, value: part.standardDeviations[k]),
          Number(
            name: "pca.cumulative", group: part.group, component: k + 1,
            value: part.cumulativeProportions[k]),
        ]
      }
    }
    return numbers
      + ratios.map {
        Number(
          name: "ratio", group: $0.expression, value: $0.estimate, error: $0.standardError,
          interval: $0.interval)
      }
  }
}
