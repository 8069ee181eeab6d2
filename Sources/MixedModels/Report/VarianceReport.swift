// SPDX-License-Identifier: GPL-2.0-or-later

/// R², intraclass correlations and principal components of the random effects.
///
/// JSON: `formula`, `criterion`, `variance` (`fixed`, `random`, `residual`, and `terms`, an array of
/// `term`, `group`, `variance`), `r2` (`marginal`, `conditional`), `icc` (`adjusted`, `unadjusted`, and
/// `groups`, an array of `group`, `variance`, `adjusted`, `unadjusted`), `pca`, an array of `group`,
/// `sd`, `proportion`, `cumulative`, and `messages`.
public struct VarianceReport: InferenceReport {
  private let table: VarianceExplained
  public let notes: [String]

  public init(_ table: VarianceExplained, notes: [String] = []) {
    (self.table, self.notes) = (table, table.messages + notes)
  }

  public var summary: String {
    let shares = table.shares
    let parts = [table.fixedVariance] + shares.map(\.variance) + [table.residualVariance]
    let total = parts.reduce(0, +)
    var lines = ["Variance explained", "Formula: \(table.formula.printable)", ""]
    lines += TextTable(
      rowLabels: ["fixed part"] + shares.map(\.name) + ["Residual"],
      columns: [
        ("Variance", tableCells(parts)),
        ("Share", tableCells(parts.map { $0 / total }, digits: 4)),
      ], alignment: .right
    ).lines()
    lines += [
      "",
      "R2 (Nakagawa): marginal \(cell(table.marginalR²)), conditional \(cell(table.conditionalR²))",
      "",
      "Intraclass correlations:",
    ]
    let groups = table.correlations
    lines += TextTable(
      rowLabels: groups.map(\.group) + (groups.count > 1 ? ["all"] : []),
      columns: [
        (
          "adjusted",
          tableCells(
            groups.map(\.adjusted) + (groups.count > 1 ? [table.adjustedICC] : []), digits: 4)
        ),
        (
          "unadjusted",
          tableCells(
            groups.map(\.unadjusted) + (groups.count > 1 ? [table.unadjustedICC] : []), digits: 4)
        ),
      ], alignment: .right
    ).lines()
    lines += ["", "Principal components of the random effects, relative to sigma:"]
    for component in table.components {
      lines += TextTable(
        rowLabels: ["Standard deviation", "Proportion of Variance", "Cumulative Proportion"],
        columns: component.standardDeviations.indices.map { k in
          (
            k == 0 ? "\(component.group) PC1" : "PC\(k + 1)",
            [
              cell(component.standardDeviations[k]), cell(component.proportions[k]),
              cell(component.cumulativeProportions[k]),
            ]
          )
        }, alignment: .right
      ).lines(width: 100)
    }
    return (lines + noteLines(notes)).joined(separator: "\n") + "\n"
  }

  private func cell(_ value: Double?) -> String { tableCells([value], digits: 4)[0] }

  public var json: String {
    JSONValue.object([
      ("formula", .string(table.formula)), ("criterion", .string(table.criterionKind.rawValue)),
      (
        "variance",
        .object([
          ("fixed", .number(table.fixedVariance)), ("random", .number(table.randomVariance)),
          ("residual", .number(table.residualVariance)),
          (
            "terms",
            .array(
              table.shares.map {
                .object([
                  ("term", .string($0.name)), ("group", .string($0.group)),
                  ("variance", .number($0.variance)),
                ])
              })
          ),
        ])
      ),
      (
        "r2",
        .object([
          ("marginal", .number(table.marginalR²)), ("conditional", .number(table.conditionalR²)),
        ])
      ),
      (
        "icc",
        .object([
          ("adjusted", .number(table.adjustedICC)), ("unadjusted", .number(table.unadjustedICC)),
          (
            "groups",
            .array(
              table.correlations.map {
                .object([
                  ("group", .string($0.group)), ("variance", .number($0.variance)),
                  ("adjusted", .number($0.adjusted)), ("unadjusted", .number($0.unadjusted)),
                ])
              })
          ),
        ])
      ),
      ("pca", .array(table.components.map(\.json))), ("messages", .strings(notes)),
    ]).document
  }

  /// One line for every number: what, of which group, which one.
  public var tidy: String {
    var text = "statistic,group,component,estimate\n"
    func add(_ name: String, _ group: String?, _ component: Int?, _ value: Double?) {
      text.writeRecord([
        .text(name), group.map(DelimitedField.text) ?? .missing,
        component.map(DelimitedField.integer) ?? .missing, .number(value),
      ])
    }
    add("var.fixed", nil, nil, table.fixedVariance)
    for share in table.shares { add("var.random", share.name, nil, share.variance) }
    add("var.residual", nil, nil, table.residualVariance)
    add("R2.marginal", nil, nil, table.marginalR²)
    add("R2.conditional", nil, nil, table.conditionalR²)
    add("ICC.adjusted", nil, nil, table.adjustedICC)
    add("ICC.unadjusted", nil, nil, table.unadjustedICC)
    for group in table.correlations {
      add("ICC.adjusted", group.group, nil, group.adjusted)
      add("ICC.unadjusted", group.group, nil, group.unadjusted)
    }
    for component in table.components {
      for k in component.standardDeviations.indices {
        add("pca.sd", component.group, k + 1, component.standardDeviations[k])
        add("pca.cumulative", component.group, k + 1, component.cumulativeProportions[k])
      }
    }
    return text
  }
}

extension PrincipalComponents {
  fileprivate var json: JSONValue {
    .object([
      ("group", .string(group)), ("sd", .numbers(standardDeviations)),
      ("proportion", .array(proportions.map(JSONValue.optional))),
      ("cumulative", .array(cumulativeProportions.map(JSONValue.optional))),
    ])
  }
}
