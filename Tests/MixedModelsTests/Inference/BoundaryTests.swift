// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import Testing

@Suite struct `Variances on the boundary` {
  /// RLRsim 3.1's p-values are means of 100,000 draws, ours of 20,000.
  @Test(arguments: ReferenceComponent.all)
  func `the only variance`(reference: ReferenceComponent) throws {
    let table = try reference.fitted(.reml).randomTermDeletions(
      boundary: .exact, simulations: 20_000)
    let row = table.rows[1]
    let statistic = try #require(row.statistic)
    #expect(abs(statistic - reference.rlrt) <= 1e-5)
    #expect(row.df == 1)
    #expect(abs(row.naivePValue! - reference.p_naive_chisq1) <= 1e-4 * reference.p_naive_chisq1)
    #expect(abs(row.mixturePValue! - reference.p_mixture_50_50) <= 1e-4 * reference.p_mixture_50_50)
    #expect(row.mixture?.description == "½χ²(0) + ½χ²(1)")
    let exact = try #require(row.exact)
    #expect(!exact.isApproximate)
    if reference.rlrt == 0 {
      #expect(exact.pValue == 1)  // RLRsim has P(RLRT > 0) here, since rounding left 6e-14
    } else {
      let p = reference.p_RLRsim_exactRLRT
      #expect(abs(exact.pValue - p) <= 4 * (p * (1 - p) * (1 / 20_000 + 1e-5)).squareRoot() + 1e-4)
    }
    let ml = try reference.fitted(.ml).randomTermDeletions().rows[1]
    #expect(abs(ml.statistic! - reference.lrt_ml) <= 1e-5)
  }

  /// lmerTest 3.1.3's ranova of models fitted by lme4 1.1-31 (bobyqa).
  @Test func `deletions agree with lmerTest's`() throws {
    let sleepstudy = try ReferenceFit.named("sleepstudy-max-reml").fittedModel().randomTermDeletions()
    #expect(sleepstudy.rows.map(\.name) == [nil, "Days in (Days | Subject)"])
    #expect(abs(sleepstudy.rows[1].statistic! - 42.837) <= 5e-4)
    #expect(sleepstudy.rows[1].df == 2)
    #expect(sleepstudy.rows[1].mixture?.description == "½χ²(1) + ½χ²(2)")

    let fitted = try FittedModel(
      Formula("y ~ x + a + (x + z | g) + (1 | h)"), data: [UnbalancedTable.source()])
    let table = try fitted.randomTermDeletions()
    #expect(table.rows.map(\.name) == [nil, "x in (x + z | g)", "z in (x + z | g)", "(1 | h)"])
    #expect(table.rows.map(\.parameterCount) == [12, 9, 9, 11])
    for (row, expected) in zip(table.rows.dropFirst(), [9.515510144, 1.538625557, 0]) {
      #expect(abs(row.statistic! - expected) <= 2e-5)
    }
    #expect(table.rows[1].mixture?.description == "½χ²(2) + ½χ²(3)")
  }

  /// The smaller model from the larger one's cross-products is the one that is fitted from the rows.
  @Test(arguments: [
    ("y ~ x + (x + z | g) + (a | h)", "z in", "y ~ x + (x | g) + (a | h)"),
    ("y ~ x + (x + z | g) + (a | h)", "x in", "y ~ x + (z | g) + (a | h)"),
    ("y ~ x + (x + z | g) + (a | h)", "a in", "y ~ x + (x + z | g) + (1 | h)"),
    ("y ~ x + (0 + x + z | g) + (1 | h)", "x in", "y ~ x + (0 + z | g) + (1 | h)"),
    ("y ~ x + (x || g) + (1 | h)", "(Intercept) in", "y ~ x + (0 + x | g) + (1 | h)"),
    ("y ~ x + (1 | g/a)", "(1 | a:g)", "y ~ x + (1 | g)"),
  ])
  func `reductions are the models they stand for`(larger: String, name: String, smaller: String) throws {
    let data = UnbalancedTable.source()
    let table = try FittedModel(Formula(larger), data: [data]).randomTermDeletions()
    let row = try #require(table.rows.first { $0.name?.hasPrefix(name) == true })
    let fit = try Fit(Formula(smaller), data: [data])
    #expect(abs(row.logLikelihood - fit.logLikelihood) <= 1e-6)
    #expect(row.parameterCount == fit.parameterCount)
  }

  @Test func `several variances at once get a note`() throws {
    let table = try FittedModel(
      Formula("y ~ x + (a | g)"), data: [UnbalancedTable.source()]).randomTermDeletions()
    let row = table.rows[1]
    #expect(row.mixture == nil && row.note?.contains("2 variances") == true)
  }

  @Test func `comparisons know the mixture of their difference`() throws {
    let data = UnbalancedTable.source()
    func rule(_ smaller: String, _ larger: String) throws -> String? {
      try ModelComparison(
        [
          ("a", FittedModel(Formula(smaller), data: [data])),
          ("b", FittedModel(Formula(larger), data: [data])),
        ], boundary: .mixture
      ).rows[1].mixture?.description
    }
    #expect(try rule("y ~ x + (1|g)", "y ~ x + (1|g) + (1|h)") == "½χ²(0) + ½χ²(1)")
    #expect(try rule("y ~ x + (1|g)", "y ~ x + (x|g)") == "½χ²(1) + ½χ²(2)")
    #expect(try rule("y ~ x + (1|g)", "y ~ x + z + (1|g) + (1|h)") == "½χ²(1) + ½χ²(2)")
    #expect(try rule("y ~ x + (1|g)", "y ~ x + (1|g) + (x|h)") == nil)
    #expect(try rule("y ~ x + (x||g)", "y ~ x + (x|g)") == nil)
  }

  @Test func `chi-squared numbers have their moments`() {
    for k in [1, 2, 5, 400] {
      var stream = RandomStream(seed: 7, block: UInt64(k))
      let draws = (0..<20_000).map { _ in stream.chiSquared(k) }
      let mean = draws.reduce(0, +) / 20_000
      let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
      let n = Double(k)
      #expect(abs(mean - n) <= 4 * (2 * n / 20_000).squareRoot())
      // Var of the sample variance: (μ₄ − σ⁴)/B with μ₄ = 12k(k + 4).
      let spread = ((12 * n * (n + 4) - 4 * n * n) / 20_000).squareRoot()
      #expect(abs(variance - 2 * n) <= 4 * spread)
    }
  }
}
