// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

@Suite struct `Variances on the boundary` {
  /// RLRsim's p-values are means of 100,000 draws, ours too.
  @Test(arguments: ReferenceComponent.all)
  func `the only variance`(reference: ReferenceComponent) throws {
    let table = try reference.fitted(.reml).randomTermDeletions(
      boundary: .exact, simulations: 100_000)
    let row = table.rows[1]
    let statistic = try #require(row.test?.statistic)
    #expect(abs(statistic - reference.rlrt) <= 1e-5)
    #expect(row.test?.df == 1)
    #expect(
      abs(row.test!.naivePValue! - reference.p_naive_chisq1) <= 1e-4 * reference.p_naive_chisq1)
    #expect(
      abs(row.test!.mixturePValue! - reference.p_mixture_50_50) <= 1e-4 * reference.p_mixture_50_50)
    #expect(row.test?.mixture?.description == "½χ²(0) + ½χ²(1)")
    let exact = try #require(row.test?.exact)
    #expect(!exact.isApproximate)
    if reference.rlrt == 0 {
      #expect(exact.pValue == 1)
    } else {
      let p = reference.p_RLRsim_exactRLRT
      #expect(abs(exact.pValue - p) <= 4 * (2 * p * (1 - p) / 100_000).squareRoot() + 2e-5)
    }
    let ml = try reference.fitted(.ml).randomTermDeletions().rows[1]
    #expect(abs(ml.test!.statistic - reference.lrt_ml) <= 1e-5)
  }

  /// RLRsim was given a statistic of 6e-14, which rounding had left of 0, and so has P(RLRT > 0).
  @Test func `the mass at zero is RLRsim's`() throws {
    let reference = try #require(ReferenceComponent.all.first { $0.rlrt == 0 })
    let model = try reference.fitted(.reml).model
    let test = try ExactTest(
      model, group: 0, column: 0, criterion: .reml, isApproximate: false, threads: 2)
    let p = test.simulated(100_000, seed: 3, statistic: 1e-9).pValue
    #expect(abs(p - reference.p_RLRsim_exactRLRT) <= 4 * (2 * 0.25 / 100_000).squareRoot())
  }

  /// lmerTest 3.1-3 reduces (0 + Machine | Worker) to (1 | Worker), 5 degrees of freedom, and
  /// (0 + Days | Subject) to a model with as many parameters.
  @Test(arguments: [
    ("score ~ Machine + (0 + Machine | Worker)", "machines.csv", 6),
    ("Reaction ~ Days + (0 + Days | Subject)", "sleepstudy.csv", 1),
  ])
  func `a term without an intercept goes as a whole, and that is said`(
    formula: String, file: String, df: Int
  ) throws {
    let model = try FittedModel(
      Formula(formula), data: [DataSource.file(Files.data(file))])
    let row = try #require(model.randomTermDeletions().rows.last)
    #expect(row.test?.df == df)
    #expect(row.note?.contains("lmerTest leaves (1 | ") == true)
  }

  @Test func `a seed gives one answer on any number of threads`() throws {
    let model = try ReferenceFit.named("mathscr-reml").fittedModel().model
    let p = try [1, 3].map { threads in
      try ExactTest(
        model, group: 0, column: 0, criterion: .reml, isApproximate: false, threads: threads
      ).simulated(3_000, seed: 11, statistic: 1).pValue
    }
    #expect(p[0] == p[1])
  }

  /// lmerTest 3.1.3's ranova of models fitted by lme4 1.1-31 (bobyqa).
  @Test func `deletions agree with lmerTest's`() throws {
    let sleepstudy = try ReferenceFit.named("sleepstudy-max-reml").fittedModel()
      .randomTermDeletions()
    #expect(sleepstudy.rows.map(\.name) == [nil, "Days in (Days | Subject)"])
    #expect(abs(sleepstudy.rows[1].test!.statistic - 42.837) <= 5e-4)
    #expect(sleepstudy.rows[1].test?.df == 2)
    #expect(sleepstudy.rows[1].test?.mixture?.description == "½χ²(1) + ½χ²(2)")

    let fitted = try FittedModel(
      Formula("y ~ x + a + (x + z | g) + (1 | h)"), data: [UnbalancedTable.source()])
    let table = try fitted.randomTermDeletions()
    #expect(table.rows.map(\.name) == [nil, "x in (x + z | g)", "z in (x + z | g)", "(1 | h)"])
    #expect(table.rows.map(\.parameterCount) == [12, 9, 9, 11])
    for (row, expected) in zip(table.rows.dropFirst(), [9.515510144, 1.538625557, 0]) {
      #expect(abs(row.test!.statistic - expected) <= 2e-5)
    }
    #expect(table.rows[1].test?.mixture?.description == "½χ²(2) + ½χ²(3)")
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
  func `reductions are the models they stand for`(larger: String, name: String, smaller: String)
    throws
  {
    let data = UnbalancedTable.source()
    let table = try FittedModel(Formula(larger), data: [data]).randomTermDeletions()
    let row = try #require(table.rows.first { $0.name?.hasPrefix(name) == true })
    let fit = try Fit(Formula(smaller), data: [data])
    #expect(abs(row.logLikelihood - fit.logLikelihood) <= 1e-6)
    #expect(row.parameterCount == fit.parameterCount)
  }

  @Test func `several variances at once get a note`() throws {
    let table = try FittedModel(
      Formula("y ~ x + (a | g)"), data: [UnbalancedTable.source()]
    ).randomTermDeletions()
    let row = table.rows[1]
    #expect(row.test!.mixture == nil && row.note?.contains("2 variances") == true)
  }

  @Test func `comparisons know the mixture of their difference`() throws {
    let data = UnbalancedTable.source()
    func rule(_ smaller: String, _ larger: String) throws -> String? {
      try ModelComparison(
        [
          ("a", FittedModel(Formula(smaller), data: [data])),
          ("b", FittedModel(Formula(larger), data: [data])),
        ], boundary: .mixture
      ).rows[1].test?.mixture?.description
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
