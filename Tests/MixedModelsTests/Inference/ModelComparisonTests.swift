// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

@Suite struct `Likelihood-ratio tests` {
  @Test(arguments: ReferenceComparison.all)
  func `tables agree with lme4's at the true optima`(reference: ReferenceComparison) throws {
    // In the wrong order: they are sorted.
    let table = try ModelComparison([
      ("M1", reference.fitted(reference.m1)), ("M0", reference.fitted(reference.m0)),
    ])
    #expect(table.rows.map(\.name) == ["M0", "M1"])
    let sameFixed = reference.m0.formula.fixedPart == reference.m1.formula.fixedPart
    // lme4 refits in any case; here REML fits with one fixed part are compared as they are.
    #expect(table.criterionKind == (sameFixed ? .reml : .ml))
    let ml =
      sameFixed
      ? try ModelComparison([
        ("M0", reference.fitted(reference.m0).refitted(by: .ml)),
        ("M1", reference.fitted(reference.m1).refitted(by: .ml)),
      ]) : table
    let row = ml.rows[1]
    #expect(abs(row.test!.statistic - reference.chisq) <= 1e-5)
    #expect(row.test?.df == reference.df)
    #expect(abs(row.test!.naivePValue! - reference.p_naive) <= 1e-5 * reference.p_naive + 1e-300)
    for (ours, theirs) in zip(ml.rows, [reference.m0, reference.m1]) {
      #expect(ours.parameterCount == theirs.n_parameters)
      #expect(abs(ours.deviance - theirs.deviance) <= 1e-5)
      #expect(abs(ours.logLikelihood - theirs.logLik) <= 1e-5)
      #expect(abs(ours.aic - theirs.AIC) <= 1e-5)
      #expect(abs(ours.bic - theirs.BIC) <= 1e-5)
    }
  }

  static let sleepstudy = DataSource.file(Files.data("sleepstudy.csv"))

  private func fitted(
    _ formula: String, _ data: any TableSource = sleepstudy, _ options: FitOptions = FitOptions()
  ) throws -> FittedModel {
    try FittedModel(Formula(formula), data: [data], options: options)
  }

  /// Nested by their column spaces, whatever their spelling.
  @Test(arguments: [
    ("Reaction ~ Days + (1|Subject)", "Reaction ~ poly(Days, 2) + (1|Subject)"),
    ("Reaction ~ Days + (1|Subject)", "Reaction ~ factor(Days) + (1|Subject)"),
    ("Reaction ~ scale(Days) + (1|Subject)", "Reaction ~ Days + I(Days^2) + (Days|Subject)"),
    ("Reaction ~ Days + (Days||Subject)", "Reaction ~ Days + (poly(Days, 1)|Subject)"),
    ("Reaction ~ Days + (1|Subject) + (0+Days|Subject)", "Reaction ~ Days + (Days|Subject)"),
  ])
  func `nested models are found to be`(smaller: String, larger: String) throws {
    let table = try ModelComparison([("a", fitted(smaller)), ("b", fitted(larger))])
    #expect(table.rows[1].test!.df > 0)
  }

  @Test(arguments: [
    ("y ~ a + (1|g)", "y ~ a:b + (1|g)"), ("y ~ x + (1|g)", "y ~ x:a + a + (1|g)"),
    ("y ~ a + b + (1|g)", "y ~ a*b + (1|g)"), ("y ~ a*b + (1|g)", "y ~ 0 + a:b + x + (1|g)"),
    ("y ~ x + (1|g)", "y ~ x + (1|g) + (1|g:a)"), ("y ~ x + (1|g:a)", "y ~ x + (0 + a|g)"),
    ("y ~ x + (1|a:g)", "y ~ x + (1|g) + (1|g:a)"),
  ])
  func `factors are taken apart`(smaller: String, larger: String) throws {
    let data = UnbalancedTable.source()
    let table = try ModelComparison([("a", fitted(smaller, data)), ("b", fitted(larger, data))])
    #expect(table.rows[1].test!.df > 0)
  }

  @Test(arguments: [
    ("y ~ x + (1|g)", "y ~ z + a + (1|g)", "x"), ("y ~ x + (1|g)", "y ~ I(x^2) + z + (1|g)", "x"),
    ("y ~ b + (1|g)", "y ~ a + x + (1|g)", "b"),
    ("y ~ x + a + (1|g)", "y ~ x + b + z + (1|g)", "a"),
    ("y ~ x + (1|h)", "y ~ x + (x|g)", "(1 | h)"),
    ("y ~ x + (x|g)", "y ~ x + a + (x||g)", "(x | g)"),
    ("y ~ x + (1|g)", "y ~ 0 + x + z + a:x + (1|g)", "(Intercept)"),
    ("y ~ x + (z|g)", "y ~ x + a + (x|g)", "(z | g)"),
  ])
  func `models that are not nested are refused by the term that is in the way`(
    smaller: String, larger: String, term: String
  ) throws {
    let data = UnbalancedTable.source()
    let error = #expect(throws: InferenceError.self) {
      try ModelComparison([("a", fitted(smaller, data)), ("b", fitted(larger, data))])
    }
    #expect(error?.description.contains(term) == true, "\(String(describing: error))")
  }

  @Test func `different rows, weights and responses are refused`() throws {
    let whole = try fitted("y ~ x + (1|g)", UnbalancedTable.source())
    var weighted = FitOptions()
    weighted.weights = "w"
    for (other, word) in [
      (try fitted("y ~ x + z + (1|g)", UnbalancedTable.withoutCell), "rows"),
      (try fitted("y ~ x + z + (1|g)", UnbalancedTable.source(), weighted), "weights"),
      (try fitted("log(y + 1) ~ x + z + (1|g)", UnbalancedTable.source()), "responses"),
      (try fitted("y ~ x + z + offset(z) + (1|g)", UnbalancedTable.source()), "offsets"),
    ] {
      let error = #expect(throws: InferenceError.self) {
        try ModelComparison([("a", whole), ("b", other)])
      }
      #expect(error?.description.contains(word) == true, "\(String(describing: error))")
    }
  }

  /// One fixed part in other columns: REML criteria differ by log |XᵀX|, the statistic does not.
  @Test func `REML statistics do not depend on the columns of X`() throws {
    let larger = try fitted("Reaction ~ Days + (Days|Subject)")
    let one = try ModelComparison([("a", fitted("Reaction ~ Days + (1|Subject)")), ("b", larger)])
    let other = try ModelComparison([
      ("a", fitted("Reaction ~ scale(Days) + (1|Subject)")), ("b", larger),
    ])
    #expect(one.criterionKind == .reml && other.criterionKind == .reml)
    #expect(abs(one.rows[1].test!.statistic - other.rows[1].test!.statistic) <= 1e-7)
  }
}

extension String {
  /// What stands before the first random-effects term.
  fileprivate var fixedPart: Substring { prefix { $0 != "(" } }
}

/// The reference: R's anova of an lmer() and an lm() fit, and logLik(…, REML = TRUE) of both.
@Suite struct `Comparisons with least squares` {
  private static let data = [ReferenceFit.named("sleepstudy-intercept-reml").source]

  private func compared(
    _ fixed: String, _ kind: CriterionKind, boundary: BoundaryMethod = .mixture
  ) throws -> ModelComparison {
    var options = FitOptions()
    options.criterion = kind
    let mixed = try FittedModel(
      Formula("Reaction ~ Days + (1 | Subject)"), data: Self.data, options: options)
    let input = ModelInput(files: [], data: Self.data)
    let plain = try FittedModel(
      withoutRandomEffects: Formula(fixed), likeRowsOf: mixed, from: input, options: options)
    return try ModelComparison([("mixed", mixed), ("plain", plain)], boundary: boundary)
  }

  @Test func `likelihoods and tests are R's`() throws {
    let ml = try compared("Reaction ~ Days", .ml)
    #expect(ml.rows.map(\.name) == ["plain", "mixed"] && ml.rows.map(\.parameterCount) == [3, 4])
    #expect(abs(ml.rows[0].logLikelihood + 950.1465282) < 1e-6)
    #expect(abs(ml.rows[0].bic - 1915.871927) < 1e-5)
    let test = try #require(ml.rows[1].test)
    #expect(abs(test.statistic - 106.21441) < 1e-4 && test.df == 1)
    let reml = try compared("Reaction ~ Days", .reml)
    #expect(reml.criterionKind == .reml)
    #expect(abs(try #require(reml.rows[1].test).statistic - 107.1985781) < 1e-5)
  }

  @Test func `other fixed parts are compared by maximum likelihood`() throws {
    let both = try compared("Reaction ~ 1", .reml)
    #expect(both.criterionKind == .ml)
    let test = try #require(both.rows[1].test)
    #expect(abs(test.statistic - 166.97031) < 1e-4 && test.df == 2)
  }

  @Test func `the exact test is not approximate`() throws {
    let exact = try #require(compared("Reaction ~ Days", .reml, boundary: .exact).rows[1].test?.exact)
    #expect(!exact.isApproximate && exact.pValue < 0.001)
  }
}
