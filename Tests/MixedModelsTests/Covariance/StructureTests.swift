// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Terms whose covariance matrices have a structure.
@Suite struct `Covariance structures` {
  private func criterion(_ formula: String, _ kind: CriterionKind = .reml) throws -> Criterion {
    var options = FitOptions()
    options.criterion = kind
    return try Criterion(
      Formula(formula), data: [.file(Files.data("sleepstudy.csv"))], options: options)
  }

  private func fit(_ formula: String, _ file: String = "sleepstudy.csv") throws -> Fit {
    try Fit(Formula(formula), data: [.file(Files.data(file))])
  }

  /// nlme 3.1-162: gls(Reaction ~ Days, correlation = corExp(form = ~ Days | Subject, nugget =
  /// TRUE)), range 8.07337378, whose ρ is exp(−1/range): logLik −867.0932.
  @Test func `autoregressive effects with residuals are nlme's exponential correlation with a nugget`()
    throws
  {
    let fit = try fit("Reaction ~ Days + ar1(0 + factor(Days) | Subject)")
    #expect(abs(fit.criterion - 2 * 867.0932) < 2e-4)
    #expect(abs(fit.theta.values[1] - exp(-1 / 8.07337378)) < 1e-5)
    #expect(abs(fit.fixedEffects[0].estimate! - 253.90744) < 1e-4)
    #expect(abs(fit.fixedEffects[1].estimate! - 10.44886) < 1e-4)
    #expect(fit.convergence.converged)
    let correlations = fit.varianceComponents[0].correlations
    for lag in 1..<10 {
      #expect(abs(correlations[lag][0]! - pow(fit.theta.values[1], Double(lag))) < 1e-12)
    }
  }

  /// nlme's gls with corAR1 and without a nugget has −2 log L 1739.206015 (REML): the limit where the
  /// effects leave nothing to the residuals.
  @Test func `without residuals they are nlme's first-order autoregression`() throws {
    let criterion = try criterion("Reaction ~ Days + ar1(0 + factor(Days) | Subject)")
    var (low, high) = (0.5, 0.99)
    let ratio = (5.0.squareRoot() - 1) / 2
    while high - low > 1e-7 {  // golden section
      let (a, b) = (high - ratio * (high - low), low + ratio * (high - low))
      if try criterion([2000, a]) < criterion([2000, b]) { high = b } else { low = a }
    }
    #expect(abs(try criterion([2000, low]) - 1739.206015) < 1e-4)
  }

  /// Equal variances and covariances are those of an effect of the group and one of each cell.
  @Test func `homogeneous compound symmetry is nesting`() throws {
    let structured = try fit(
      "score ~ Machine + cs(0 + Machine | Worker, hom = TRUE)", "machines.csv")
    let nested = try fit("score ~ Machine + (1 | Worker / Machine)", "machines.csv")
    #expect(abs(structured.criterion - nested.criterion) < 1e-8)
    for (a, b) in zip(structured.fixedEffects, nested.fixedEffects) {
      #expect(abs(a.estimate! - b.estimate!) < 1e-6)
      #expect(abs(a.standardError! - b.standardError!) < 1e-6)
      #expect(abs(a.degreesOfFreedom! - b.degreesOfFreedom!) < 1e-3)
    }
  }

  /// Two columns have one correlation, whatever is said of it.
  @Test(arguments: ["cs(Days | Subject)", "us(Days | Subject)", "ar1(Days | Subject, hom = FALSE)"])
  func `two columns have an unstructured covariance`(term: String) throws {
    let structured = try fit("Reaction ~ Days + \(term)")
    let plain = try fit("Reaction ~ Days + (Days | Subject)")
    #expect(abs(structured.criterion - plain.criterion) < 1e-8)
    let (a, b) = (structured.varianceComponents[0], plain.varianceComponents[0])
    for i in 0..<2 {
      #expect(abs(a.standardDeviations[i] / b.standardDeviations[i] - 1) < 1e-5)
      #expect(abs(a.standardErrors[i]! / b.standardErrors[i]! - 1) < 1e-3)
    }
    #expect(
      abs(a.correlationStandardErrors[1][0]! / b.correlationStandardErrors[1][0]! - 1) < 1e-3)
    for (x, y) in zip(structured.fixedEffects, plain.fixedEffects) {
      #expect(abs(x.degreesOfFreedom! - y.degreesOfFreedom!) < 1e-3)
    }
  }

  @Test func `diag() is two bars`() throws {
    let word = try fit("Reaction ~ Days + diag(Days | Subject)")
    let bars = try fit("Reaction ~ Days + (Days || Subject)")
    #expect(word.criterion == bars.criterion)
    #expect(word.theta == bars.theta)
  }

  static let words = [
    "ar1(0 + factor(Days) | Subject)", "ar1(0 + factor(Days) | Subject, hom = FALSE)",
    "cs(0 + factor(Days) | Subject)", "cs(Days | Subject, hom = TRUE)",
  ]

  @Test(arguments: words, [CriterionKind.reml, .ml])
  func `gradients are those of differences`(term: String, kind: CriterionKind) throws {
    let criterion = try criterion("Reaction ~ Days + \(term)", kind)
    var random = SplitMix64(seed: 3)
    for _ in 0..<3 {
      var theta = criterion.thetaNames.map { _ in 0.3 + random.uniform() }
      theta[theta.count - 1] = 0.8 * random.uniform()
      try expectExactGradient(criterion, at: theta, tolerance: 1e-5)
    }
  }

  @Test(arguments: words, [CriterionKind.reml, .ml])
  func `ways to solve the equations agree`(term: String, kind: CriterionKind) throws {
    let model = try LinearMixedModel(
      Formula("Reaction ~ Days + \(term)"), data: [DataSource.file(Files.data("sleepstudy.csv"))],
      options: FitOptions())
    // Standard deviations are logarithms there.
    for φ in model.trials.map({ $0.map { min(max($0, -4), 4) } }) {
      let whole = Criterion(model, kind, try WholeEquations(model))
      let absorbed = Criterion(
        model, kind, try AbsorbedEquations(model, model.absorbed(), threads: 2))
      let (a, b) = (try whole.valueAndGradient(φ), try absorbed.valueAndGradient(φ))
      #expect(abs(a.value - b.value) <= 1e-10 * abs(a.value))
      let size = a.gradient.reduce(1) { max($0, abs($1)) }
      for (x, y) in zip(a.gradient, b.gradient) { #expect(abs(x - y) <= 1e-8 * size) }
    }
  }

  @Test func `shards add up`() throws {
    let lines = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n")
    let formula = try Formula("Reaction ~ Days + ar1(0 + factor(Days) | Subject)")
    func part(_ rows: ArraySlice<Substring>) throws -> CrossProducts {
      let text = ([lines[0]] + rows).joined(separator: "\n") + "\n"
      return try CrossProducts(formula, data: [.bytes(Array(text.utf8), name: "part.csv")])
    }
    var products = try part(lines[1..<75])
    try products.merge(part(lines[75...]))
    let whole = try fit("Reaction ~ Days + ar1(0 + factor(Days) | Subject)")
    #expect(abs(try Fit(products).criterion - whole.criterion) < 1e-8)
  }

  @Test func `results do not depend on units`() throws {
    let formula = "y ~ ar1(0 + factor(t) | g)"
    func fit(_ unit: Double) throws -> Fit {
      var random = SplitMix64(seed: 8)
      var text = "y,t,g\n"
      for g in 0..<30 {
        var effect = random.normal()
        for t in 0..<5 {
          effect = 0.6 * effect + 0.8 * random.normal()
          text += "\(unit * (3 + effect + 0.5 * random.normal())),\(t),g\(g)\n"
        }
      }
      return try Fit(Formula(formula), data: [.bytes(Array(text.utf8), name: "t.csv")])
    }
    let (one, other) = (try fit(1), try fit(1e8))
    #expect(abs(one.theta.values[1] - other.theta.values[1]) < 1e-6)
    #expect(abs(other.sigma / one.sigma / 1e8 - 1) < 1e-6)
  }

  @Test func `a saved fit of a structured term is read again`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("fit.lmm")
    let formula = try Formula("Reaction ~ Days + ar1(0 + factor(Days) | Subject)")
    let model = try FittedModel(formula, data: [.file(Files.data("sleepstudy.csv"))])
    try model.save(to: path)
    let again = try Fit(contentsOf: path)
    #expect(again.criterion == model.fit.criterion)
    #expect(again.theta == model.fit.theta)
  }

  @Test(arguments: [
    ("Reaction ~ toepl(Days | Subject)", "no covariance structure is called \"toepl\""),
    ("Reaction ~ ar1(Days || Subject)", "two bars in ar1()"),
    ("Reaction ~ cs(Days | Subject, hom = 1)", "hom = TRUE or hom = FALSE"),
    ("Reaction ~ cs(Days | Subject, TRUE)", "hom = TRUE or hom = FALSE"),
    ("Reaction ~ log(Days | Subject)", "a random term inside a function"),
  ])
  func `words that are none are refused`(formula: String, words: String) throws {
    let error = try #require(
      #expect(throws: (any Error).self) {
        try fit(formula)
      })
    #expect("\(error)".contains(words), "\(error)")
  }

  @Test func `structures and their correlations are taken out`() throws {
    let model = try FittedModel(
      Formula("Reaction ~ Days + ar1(0 + factor(Days) | Subject)"),
      data: [.file(Files.data("sleepstudy.csv"))])
    let rows = try model.randomTermDeletions().rows
    #expect(rows.count == 3)
    #expect(rows[1].name == "ar1(0 + factor(Days) | Subject)")
    #expect(rows[1].test?.df == 2)
    #expect(rows[2].name == "correlation in ar1 of Subject")
    #expect(rows[2].test?.df == 1 && rows[2].test?.mixture == nil)
  }
}
