// SPDX-License-Identifier: GPL-2.0-or-later

/// A model's plan as text or JSON.
public struct PlanReport: Sendable {
  private let plan: ModelPlan

  public init(_ plan: ModelPlan) { self.plan = plan }

  /// Sizes, then one row for every strategy; the chosen one is marked.
  public var text: String {
    var lines = ["Formula: \(plan.formula.printable)"]
    let omitted = plan.omittedObservations
    lines.append(
      "Rows: \(plan.observations)"
        + (omitted > 0 ? " (\(omitted) left out for missing values)" : ""))
    lines.append(
      "Fixed effects: \(plan.fixedEffectCount), random effects: \(plan.randomEffectCount), θ: \(plan.thetaNames.count)"
    )
    lines.append("")
    lines += TextTable(
      rowLabels: plan.groups.map(\.name),
      columns: [
        ("Levels", plan.groups.map { "\($0.levelCount)" }),
        ("Columns", plan.groups.map { "\($0.columnCount)" }),
      ], alignment: .right
    ).lines()
    if plan.pairCount > 0 { lines.append("Pairs of levels that occur together: \(plan.pairCount)") }
    lines.append("")
    let strategies = plan.strategies
    lines += TextTable(
      rowLabels: strategies.indices.map { k in
        let leading = strategies[k].leadingTerm.map { " \($0)" } ?? ""
        return (k == plan.chosen ? "* " : "  ") + strategies[k].name + leading
      },
      columns: [
        ("Core", strategies.map { "\($0.coreSize)" }),
        ("Filled %", strategies.map { fixedNotation(100 * $0.coreDensity, decimals: 2) }),
        ("Nonzeros", strategies.map { "\($0.factorNonzeros)" }),
        ("Mflop", strategies.map { fixedNotation($0.operations * 1e-6, decimals: 2) }),
        ("MiB", strategies.map { fixedNotation(Double($0.bytes) / 1_048_576, decimals: 1) }),
        (
          "ms",
          strategies.map {
            ($0.isBound ? "> " : "")
              + ($0.seconds.isFinite ? fixedNotation(1000 * $0.seconds, decimals: 3) : "–")
          }
        ),
      ], alignment: .right
    ).lines(width: 120)
    lines.append("")
    lines.append(
      "Nonzeros of the factor; operations, memory and predicted time of one evaluation of the criterion. With its derivatives it takes about three times as long."
    )
    lines += noteLines(plan.messages)
    if plan.chosen == nil {
      let gibibytes = fixedNotation(Double(plan.memory) / 1_073_741_824, decimals: 1)
      lines.append("None of them fits in the \(gibibytes) GiB that are left.")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  public var json: String {
    var text = ""
    JSONValue.object([
      ("formula", .string(plan.formula)), ("nobs", .integer(plan.observations)),
      ("nobs_omitted", .integer(plan.omittedObservations)),
      ("n_fixed", .integer(plan.fixedEffectCount)), ("n_random", .integer(plan.randomEffectCount)),
      ("theta", .strings(plan.thetaNames)),
      (
        "groups",
        .array(
          plan.groups.map {
            .object([
              ("group", .string($0.name)), ("n_levels", .integer($0.levelCount)),
              ("n_columns", .integer($0.columnCount)),
            ])
          })
      ),
      ("pairs", .integer(plan.pairCount)), ("memory_bytes", .integer(plan.memory)),
      ("strategies", .array(plan.strategies.indices.map(strategy))),
      ("messages", .strings(plan.messages)),
    ]).write(to: &text, breakingLines: 1)
    return text + "\n"
  }

  private func strategy(_ k: Int) -> JSONValue {
    let strategy = plan.strategies[k]
    return .object([
      ("strategy", .string(strategy.name)), ("chosen", .bool(k == plan.chosen)),
      ("leading_term", .optional(strategy.leadingTerm)), ("core_size", .integer(strategy.coreSize)),
      ("core_density", .number(strategy.coreDensity)),
      ("factor_nonzeros", .integer(strategy.factorNonzeros)),
      ("operations", .number(strategy.operations)), ("bytes", .integer(strategy.bytes)),
      ("seconds", .number(strategy.seconds)), ("lower_bound", .bool(strategy.isBound)),
    ])
  }
}
