// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import Reports
import Testing

/// Against R.
///
/// Variances from lme4's matrices, which agree with performance 0.10; components: lme4's rePCA. For
/// penicillin the variances are those at the reference fit's optimum, which lme4 misses in the fifth
/// digit.
@Suite struct `Variance explained` {
  @Test(arguments: [
    (
      "sleepstudy-max-reml", 908.953362623, 1698.08370044, 654.94000826,
      [[0.9668679723, 0.2308798142]]
    ),
    ("penicillin-reml", 0, 4.447826086956521, 0.30241545893719807, [[1.539675554], [3.51251886]]),
    (
      "machines-max-reml", 33.1181761006, 36.7680481216, 0.92463086597,
      [[6.63452938, 4.632380128, 2.146956964]]
    ),
  ])
  func `agrees with R`(
    id: String, fixed: Double, random: Double, residual: Double, components: [[Double]]
  ) throws {
    let table = try ReferenceFit.named(id).fittedModel().varianceExplained()
    #expect(abs(table.fixedVariance - fixed) <= 1e-6 * max(fixed, 1e-6))
    #expect(abs(table.randomVariance / random - 1) <= 1e-5)
    #expect(abs(table.residualVariance / residual - 1) <= 1e-5)
    let total = fixed + random + residual
    #expect(abs(table.marginalR² - fixed / total) < 1e-5)
    #expect(abs(table.conditionalR² - (fixed + random) / total) < 1e-5)
    #expect(abs(table.adjustedICC - random / (random + residual)) < 1e-5)
    #expect(abs(table.unadjustedICC - random / total) < 1e-5)
    #expect(table.components.count == components.count)
    for (ours, expected) in zip(table.components, components) {
      for (a, b) in zip(ours.standardDeviations, expected) { #expect(abs(a / b - 1) < 1e-4) }
      #expect(abs(ours.cumulativeProportions.last!! - 1) < 1e-12)
    }
  }

  /// performance: 0.151 and 0.785.
  @Test func `one correlation per grouping factor`() throws {
    let table = try ReferenceFit.named("penicillin-reml").fittedModel().varianceExplained()
    #expect(table.correlations.map(\.group) == ["plate", "sample"])
    #expect(abs(table.correlations[0].adjusted - 0.1509) < 1e-4)
    #expect(abs(table.correlations[1].adjusted - 0.7854) < 1e-4)
    #expect(
      abs(table.correlations.reduce(0) { $0 + $1.adjusted } - table.adjustedICC) < 1e-12)
  }

  /// Without an intercept, and two independent terms on one factor; lme4 with bobyqa.
  @Test func `agrees with R without an intercept`() throws {
    let fitted = try FittedModel(
      Formula("y ~ 0 + x + (x || g)"), data: [UnbalancedTable.source()], options: FitOptions())
    let table = try fitted.varianceExplained()
    #expect(abs(table.fixedVariance / 173.226346818 - 1) < 1e-5)
    #expect(abs(table.randomVariance / 1377.29405548 - 1) < 1e-5)
    #expect(table.components.count == 1)
    #expect(abs(table.components[0].standardDeviations[0] / 1.86377 - 1) < 1e-4)
    #expect(abs(table.components[0].standardDeviations[1] / 0.01230218 - 1) < 1e-3)
  }

  /// Rows that stand for several count as such.
  @Test func `prior weights count rows`() throws {
    var options = FitOptions()
    options.weights = "w"
    let fitted = try FittedModel(
      Formula("y ~ x + (x | g)"), data: [UnbalancedTable.source()], options: options)
    let table = try fitted.varianceExplained()
    let rows = UnbalancedTable.rows
    let slope = fitted.fit.fixedEffects[1].estimate!
    let C = fitted.fit.varianceComponents[0].covariances
    let total = rows.reduce(0.0) { $0 + Double($1.w) }
    let mean = rows.reduce(0.0) { $0 + Double($1.w * $1.x) } / total
    let spread = rows.reduce(0.0) {
      $0 + Double($1.w) * (Double($1.x) - mean) * (Double($1.x) - mean)
    }
    let fixed = slope * slope * spread / total * 150 / 149
    let random =
      rows.reduce(0.0) {
        let x = Double($1.x)
        return $0 + Double($1.w) * (C[0][0] + 2 * x * C[0][1] + x * x * C[1][1])
      } / total
    #expect(abs(table.fixedVariance / fixed - 1) < 1e-9)
    #expect(abs(table.randomVariance / random - 1) < 1e-9)
    #expect(table.messages.contains { $0.contains("prior weights") })
  }

  @Test func `a singular fit has components of zero, not NaN`() throws {
    let fitted = try ReferenceFit.named("dyestuff2-reml").fittedModel()
    let table = try fitted.varianceExplained()
    #expect(table.randomVariance == 0 && table.adjustedICC == 0)
    #expect(table.components[0].proportions == [nil])
    let report = table.report()
    #expect(
      !report.text().contains("NaN") && report.text(as: .json).contains("\"proportion\": [null]"))
  }

  @Test func `singular values keep small ones`() {
    let a = DenseMatrix(rows: 2, columns: 2, storage: [1, 1, 1, 1 + 1e-12])
    let values = singularValues(a)
    #expect(abs(values[0] - 2) < 1e-11)
    #expect(abs(values[1] / 5e-13 - 1) < 1e-3)
    #expect(singularValues(DenseMatrix(rows: 1, columns: 1)) == [0])
  }
}
