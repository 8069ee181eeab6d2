// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// Bootstrap p-values of parts of the random effects.
@Suite struct `Deletions by the bootstrap` {
  private func fitted(_ formula: String) throws -> FittedModel {
    var options = FitOptions()
    options.weights = "w"
    return try FittedModel(Formula(formula), data: [SimulatedRowsTable().first], options: options)
  }

  private func options(_ count: Int) -> BootstrapOptions {
    var options = BootstrapOptions()
    (options.replicates, options.seed) = (count, 9)
    return options
  }

  /// The same responses as a comparison of the two models simulates, and so the same statistics.
  @Test(arguments: [
    ("y ~ x + (x | g) + (1 | h)", 1, "y ~ x + (1 | g) + (1 | h)"),
    ("y ~ x + (x | g) + (1 | h)", 2, "y ~ x + (x | g)"),
  ])
  func `are the test of the two models`(formula: String, row: Int, smaller: String) throws {
    let fitted = try fitted(formula)
    let table = try fitted.randomTermDeletions(boundary: .bootstrap, replicates: options(60))
    let ours = try #require(table.rows[row].test?.bootstrap)
    let test = try BootstrapComparison(
      ("larger", fitted), ("smaller", self.fitted(smaller))
    ).test(options(60))
    #expect(abs(ours.statistic - test.statistic) < 1e-5)
    #expect(ours.df == test.df)
    for (a, b) in zip(ours.replicates, test.replicates) {
      #expect(abs(a.values[2] - b.values[2]) < 1e-4)
    }
    let comparison = try ModelComparison(
      [("smaller", self.fitted(smaller)), ("larger", fitted)], boundary: .bootstrap,
      replicates: options(60))
    #expect(comparison.rows[1].test?.bootstrap?.pValue == test.pValue)
    #expect(comparison.rows[0].test == nil)
  }

  /// Without random effects the smaller model is ordinary least squares, and the distribution of the
  /// statistic is known: Crainiceanu and Ruppert's.
  @Test(arguments: [CriterionKind.reml, .ml])
  func `of the only variance agree with the exact test`(kind: CriterionKind) throws {
    var fitOptions = FitOptions()
    (fitOptions.weights, fitOptions.criterion) = ("w", kind)
    let fitted = try FittedModel(
      Formula("y ~ x + (1 | h)"), data: [SimulatedRowsTable().first], options: fitOptions)
    let exact = try ExactTest(
      fitted.model, group: 0, column: 0, criterion: kind, isApproximate: false, threads: 1)
    let test = try #require(
      fitted.randomTermDeletions(boundary: .bootstrap, replicates: options(1500)).rows[1].test?
        .bootstrap)
    #expect(test.failedCount == 0)
    for threshold in [0.05, 0.5, 1.5, 3] {
      let expected = exact.simulated(20_000, seed: 4, statistic: threshold)
      let share = Double(test.replicates.count { $0.values[2] >= threshold }) / 1500
      let p = expected.pValue
      let error = (p * (1 - p) * (1.0 / 1500 + 1.0 / 20_000)).squareRoot()
      #expect(abs(share - p) <= 4 * error, "\(threshold): \(share), \(p)")
    }
  }
}
