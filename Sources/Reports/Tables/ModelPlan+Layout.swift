// SPDX-License-Identifier: GPL-2.0-or-later
public import MixedModels

/// A model's plan: sizes, then one row for every strategy.
extension ModelPlan: Reportable {
  public static let layout = ReportLayout<ModelPlan>(
    [
      .fact("formula", "Formula", \.formula),
      .data(
        .count(json: "nobs", \.observations), .count(json: "nobs_omitted", \.omittedObservations),
        .count(json: "n_fixed", \.fixedEffectCount), .count(json: "n_random", \.randomEffectCount),
        .json("theta") { .strings($0.thetaNames) },
        .json("subjects") { plan in
          plan.subjects.map {
            .object([
              ("subject", .string($0.name)), ("n_subjects", .integer($0.count)), ("n_visits", .integer($0.visits)),
              ("n_patterns", .integer($0.patterns)), ("n_parameters", .integer($0.parameters)),
            ])
          } ?? .null
        },
        .records(
          "absorbed",
          [
            .text(json: "factor", \AbsorbedLevels.name),
            .count(json: "n_levels", \AbsorbedLevels.levelCount),
            .count(json: "n_estimated", \AbsorbedLevels.estimatedCount),
          ], \.absorbed)), .lines(\.sizeLines),
      .table(
        json: "groups", \.groups, label: \.name, footnotes: \.pairLines, isShown: { !$0.groups.isEmpty },
        columns: { _ in
          [
            .text(json: "group", \.name), .count(json: "n_levels", header: "Levels", \.levelCount),
            .count(json: "n_columns", header: "Columns", \.columnCount),
          ]
        }), .data(.count(json: "pairs", \.pairCount), .count(json: "memory_bytes", \.memory)),
      .table(
        json: "strategies", \.choices, label: \.label, width: 120, columns: { _ in strategyColumns }
      ),
      .paragraph { plan in
        [
          "Nonzeros of the factor; operations, memory and predicted time of one evaluation of the criterion, and of its gradient after that."
        ] + plan.searchLines
      },
      .data(
        .count(json: "evaluations", \.search?.evaluations),
        .count(json: "gradients", \.search?.gradients),
        .number(json: "total_seconds", \.search?.seconds)), .notes(), .lines(\.shortageLines),
    ], notes: \.messages, jsonStyle: .levels(1))

  private struct Choice {
    let strategy: Strategy
    let isChosen: Bool

    /// Marked if it is the one.
    var label: String {
      (isChosen ? "* " : "  ") + strategy.name + (strategy.leadingTerm.map { " \($0)" } ?? "")
    }

    func milliseconds(_ seconds: Double) -> String {
      (strategy.isBound ? "> " : "")
        + (strategy.seconds.isFinite ? fixedNotation(1000 * seconds, decimals: 3) : "–")
    }
  }

  private var choices: [Choice] {
    strategies.indices.map { Choice(strategy: strategies[$0], isChosen: $0 == chosen) }
  }

  private static let strategyColumns: [Column<Choice>] = [
    .text(json: "strategy", tidy: "strategy", \.strategy.name),
    .flag(json: "chosen", tidy: "chosen", \.isChosen),
    .text(json: "leading_term", tidy: "leading.term", \.strategy.leadingTerm),
    .count(json: "core_size", tidy: "core.size", header: "Core", \.strategy.coreSize),
    fixed("core_density", tidy: "core.density", header: "Filled %", 100, \.strategy.coreDensity),
    .count(
      json: "factor_nonzeros", tidy: "factor.nonzeros", header: "Nonzeros",
      \.strategy.factorNonzeros),
    fixed("operations", tidy: "operations", header: "Mflop", 1e-6, \.strategy.operations),
    .count(json: "bytes", tidy: "bytes", \.strategy.bytes),
    .shown("MiB") {
      $0.map { fixedNotation(Double($0.strategy.bytes) / 1_048_576, decimals: 1) }
    }, .number(json: "seconds", tidy: "seconds", \.strategy.seconds),
    .shown("ms") { $0.map { $0.milliseconds($0.strategy.seconds) } },
    .number(json: "derivative_seconds", tidy: "derivative.seconds", \.strategy.derivativeSeconds),
    .shown("Gradient ms") { $0.map { $0.milliseconds($0.strategy.derivativeSeconds) } },
    .flag(json: "lower_bound", tidy: "lower.bound", \.strategy.isBound),
  ]

  /// Two decimals in another unit.
  private static func fixed(
    _ json: String, tidy: String, header: String, _ unit: Double,
    _ value: @escaping @Sendable (Choice) -> Double
  ) -> Column<Choice> {
    var column = Column.number(json: json, tidy: tidy, header: header) { value($0) }
    column.cells = { $0.map { fixedNotation(unit * value($0), decimals: 2) } }
    return column
  }

  private var sizeLines: [String] {
    let omitted =
      omittedObservations > 0 ? " (\(omittedObservations) left out for missing values)" : ""
    return [
      "Rows: \(observations)\(omitted)",
      "Fixed effects: \(fixedEffectCount), random effects: \(randomEffectCount), θ: \(thetaNames.count)",
    ]
      + (subjects.map {
        [
          "Subjects (\($0.name)): \($0.count), visits: \($0.visits), patterns of visits: \($0.patterns), parameters of the residuals: \($0.parameters)"
        ]
      } ?? [])
      + (absorbed.isEmpty
        ? [] : ["Absorbed factors: " + absorbed.map { "\($0.name), \($0.levelCount) levels" }.listed])
  }

  private var pairLines: [String] {
    pairCount > 0 ? ["Pairs of levels that occur together: \(pairCount)"] : []
  }

  private var searchLines: [String] {
    guard let search, let seconds = search.seconds else { return [] }
    let time =
      seconds < 0.01 ? "in less than 0.01" : "in about " + NumberColumn([seconds], digits: 2).cells[0]
    return [
      "The whole search: some \(search.evaluations) evaluations and \(search.gradients) gradients, those for tests included, \(time) s; more if the fit is singular, and reading the rows beside it."
    ]
  }

  private var shortageLines: [String] {
    guard chosen == nil else { return [] }
    let gibibytes = fixedNotation(Double(memory) / 1_073_741_824, decimals: 1)
    return ["None of them fits in the \(gibibytes) GiB that are left."]
  }
}
