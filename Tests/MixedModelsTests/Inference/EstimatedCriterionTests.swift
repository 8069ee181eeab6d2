// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Reports
import Studies
import Testing

/// Inference from fits whose criterion is an estimate with an error.
@Suite struct `Inference after matrix-free fits` {
  private static func fitted(
    _ formula: String, solver: String, criterion: CriterionKind = .reml
  ) throws -> FittedModel {
    let design = try simulatedDesign(
      "crossedslopes1m", rows: 6000, levels: ["user": 400, "item": 250])
    var options = FitOptions()
    (options.solver, options.criterion) = (solver, criterion)
    options.accuracy = 1  // the fewest probes
    return try FittedModel(Formula(formula), data: [design.table()], options: options)
  }

  private static let crossed = "y ~ 1 + (1 | user) + (1 | item)"

  @Test func `a comparison states the error of its statistic`() throws {
    let users = try Self.fitted("y ~ 1 + (1 | user)", solver: "absorb")
    let both = try Self.fitted(Self.crossed, solver: "matrix-free")
    let estimated = try ModelComparison([("users", users), ("both", both)])
    let exact = try ModelComparison([
      ("users", users), ("both", Self.fitted(Self.crossed, solver: "absorb")),
    ])
    let error = try #require(estimated.rows[1].test?.statisticError)
    #expect(error == both.fit.solver.criterionStandardError)
    #expect(error > 0)
    let statistic = try #require(estimated.rows[1].test?.statistic)
    #expect(abs(statistic - exact.rows[1].test!.statistic) < 6 * error)
    #expect(estimated.messages.contains { $0.hasPrefix("both against users: criteria were") })
    #expect(exact.rows[1].test!.statisticError == nil && exact.messages.isEmpty)
    let report = ComparisonReport(estimated, data: []).report()
    #expect(report.text(as: .json).contains("\"statistic_std_error\""))
    #expect(report.text().contains("standard error of"))
  }

  @Test func `deletions of random effects state the errors of their statistics`() throws {
    let estimated = try Self.fitted(Self.crossed, solver: "matrix-free").randomTermDeletions()
    let exact = try Self.fitted(Self.crossed, solver: "absorb").randomTermDeletions()
    for (row, other) in zip(estimated.rows, exact.rows).dropFirst() {
      let error = try #require(row.test?.statisticError)
      #expect(abs(row.test!.statistic - other.test!.statistic) < 6 * error)
      #expect(row.note?.contains("standard error") == true)
      #expect(other.test!.statisticError == nil && other.note == nil)
    }
  }

  @Test func `profiles are those of the exact criterion`() throws {
    var options = ProfileOptions()
    options.parameters = ["sigma"]
    let profiles = try ["matrix-free", "absorb"].map {
      try Self.fitted(Self.crossed, solver: $0, criterion: .ml).profile(options)
    }
    #expect(abs(profiles[0].deviance - profiles[1].deviance) < 1e-6)
    for limit in [\ConfidenceInterval.lower, \.upper] {
      let (ours, exact) = (
        try #require(profiles[0].intervals[0][keyPath: limit]),
        try #require(profiles[1].intervals[0][keyPath: limit])
      )
      #expect(abs(ours - exact) < 1e-5 * exact)
    }
    #expect(profiles[0].messages.isEmpty)
  }

  @Test func `without memory for exact equations a profile is refused with the remedy`() throws {
    let estimated = try Self.fitted(Self.crossed, solver: "matrix-free", criterion: .ml)
    let error = #expect(throws: InferenceError.self) {
      try estimated.exactLikelihoodFit(memory: 1000)
    }
    #expect(error?.description.contains("FittedModel.waldIntervals") == true)
    let exact = try Self.fitted(Self.crossed, solver: "absorb", criterion: .ml)
    #expect(try exact.exactLikelihoodFit(memory: 1000).fit.criterion == exact.fit.criterion)
  }

  @Test func `a bootstrap test of estimated fits simulates exact statistics`() throws {
    var options = BootstrapOptions()
    options.replicates = 3
    let smaller = try Self.fitted(Self.crossed, solver: "matrix-free", criterion: .ml)
    let larger = try Self.fitted(
      "y ~ 1 + x + (1 | user) + (1 | item)", solver: "matrix-free", criterion: .ml)
    let test = try BootstrapComparison(("0", smaller), ("1", larger)).test(options)
    #expect(test.failedCount == 0)
    #expect(test.messages.contains { $0.contains("standard error") })
  }

  @Test func `plans and criterion functions try what was chosen`() throws {
    // More probes than expected are needed here.
    let design = try simulatedDesign(
      "ratings100k", rows: 150_000, levels: ["user": 3600, "item": 3200])
    let data = [design.table()]
    var options = FitOptions()
    options.accuracy = 0.0014
    let plan = try ModelPlan(Formula(design.formula), data: data, options: options)
    #expect(plan.strategies[try #require(plan.chosen)].name == "absorbed")
    #expect(plan.strategies.contains { $0.name == "matrix-free" })
    #expect(plan.messages.contains { $0.hasPrefix("matrix-free was tried and will not be used") })
    #expect(plan.report().text().contains("matrix-free was tried"))
    let criterion = try Criterion(Formula(design.formula), data: data, options: options)
    #expect(try criterion(criterion.start).isFinite)
    #expect(criterion.standardError == nil)
    options.accuracy = 1
    #expect(
      try ModelPlan(Formula(design.formula), data: data, options: options).messages.isEmpty)
  }
}
