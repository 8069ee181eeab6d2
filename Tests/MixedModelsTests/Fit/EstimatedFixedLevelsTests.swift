// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// A fixed factor that is crossed with a random one at random, without a matrix of its levels: what is
/// estimated is so within its stated error, and everything else is what exact equations give.
@Suite struct `Fixed levels without a matrix` {
  private static let rows: [any TableSource] = {
    var random = SplitMix64(seed: 29)
    let items = (0..<300).map { _ in random.normal() }
    let subjects = (0..<500).map { _ in 0.8 * random.normal() }
    var text = "y,x,f,i\n"
    for row in 0..<9000 {
      let (f, i) = (row < 300 ? row : random.below(300), random.below(500))
      let x = random.normal() + 0.3 * items[f]
      text += "\(3 + 0.5 * x + items[f] + subjects[i] + random.normal()),\(x),f\(f),i\(i)\n"
    }
    return [.bytes(Array(text.utf8), name: "rows.csv")]
  }()

  private static func fitted(
    _ formula: String, _ solver: String, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var options = FitOptions()
    (options.threads, options.solver) = (1, solver)
    change(&options)
    return try FittedModel(Formula(formula), data: Self.rows, options: options)
  }

  private static let written = "y ~ x + f + (1 | i)"

  @Test(arguments: [written, "y ~ x + (1 | i) | f"])
  func `the REML criterion is that of exact equations within its error`(formula: String) throws {
    let known = { (options: inout FitOptions) in options.knownTheta = [0.8] }
    let exact = try Self.fitted(formula, "absorb", known)
    let estimated = try Self.fitted(formula, "matrix-free", known)
    let error = try #require(estimated.fit.solver.criterionStandardError)
    #expect(estimated.fit.solver.strategy == "matrix-free" && error > 0 && error < 1)
    #expect(abs(estimated.fit.criterion - exact.fit.criterion) < 5 * error)
    // Coefficients, σ and the levels' effects have no part in what is estimated.
    #expect(abs(estimated.fit.sigma / exact.fit.sigma - 1) < 1e-9)
    for (a, b) in zip(estimated.fit.fixedEffects, exact.fit.fixedEffects) {
      #expect(a.name == b.name && abs(a.estimate! - b.estimate!) < 1e-8 * (1 + abs(b.estimate!)))
    }
    for (a, b) in zip(estimated.absorbedEffects, exact.absorbedEffects) {
      #expect(distance(a.values, b.values) < 1e-7)
    }
  }

  @Test func `a search ends well within a standard error of the exact optimum`() throws {
    let exact = try Self.fitted(Self.written, "absorb").tested()
    let estimated = try Self.fitted(Self.written, "matrix-free").tested()
    #expect(estimated.convergence.converged)
    // θ's standard error is about 0.8/√(2 · 500).
    #expect(abs(exact.theta.values[0] - estimated.theta.values[0]) < 0.1 * 0.8 / 31)
    for (a, b) in zip(estimated.fixedEffects, exact.fixedEffects) {
      #expect(abs(a.estimate! - b.estimate!) < 0.05 * b.standardError!)
    }
  }

  @Test func `by maximum likelihood nothing of the criterion is estimated`() throws {
    let ml = { (options: inout FitOptions) in options.criterion = .ml }
    let exact = try Self.fitted(Self.written, "absorb", ml).fit
    let estimated = try Self.fitted(Self.written, "matrix-free", ml).fit
    #expect(estimated.solver.criterionStandardError == nil)
    #expect(abs(exact.criterion - estimated.criterion) < 1e-6)
    #expect(abs(exact.theta.values[0] - estimated.theta.values[0]) < 1e-5)
  }

  @Test func `standard errors of levels are estimated to what is stated, others are exact`() throws {
    let known = { (options: inout FitOptions) in options.knownTheta = [0.8] }
    let exact = try Self.fitted(Self.written, "absorb", known)
    let estimated = try Self.fitted(Self.written, "matrix-free", known)
    let (a, b) = (try estimated.tested(), try exact.tested())
    #expect(b.convergence.messages.allSatisfy { !$0.contains("random vectors") })
    let message = try #require(a.convergence.messages.first { $0.contains("random vectors") })
    let words = message.split(separator: " ")
    let percent = try #require(words.firstIndex(of: "%").flatMap { Double(words[$0 - 1]) })
    var sum = 0.0
    for (a, b) in zip(a.fixedEffects, b.fixedEffects) {
      let ratio = a.standardError! / b.standardError! - 1
      if a.name.hasPrefix("f") { sum += ratio * ratio } else { #expect(abs(ratio) < 1e-8, "\(a.name)") }
    }
    let found = 100 * (sum / 299).squareRoot()
    #expect(percent > 0 && percent < 3 && found < 1.5 * percent && found > percent / 4, "\(found), \(percent)")
    let texts = ["ff1 - ff2", "ff9 - ff8 = 1", "(Intercept) + x", "ff250 = 0"]
    func table(_ fitted: FittedModel) throws -> ContrastTable {
      try fitted.contrast(texts.map { try fitted.hypothesis($0) }, .residual)
    }
    let (ours, theirs) = (try table(estimated), try table(exact))
    for (a, b) in zip(ours.rows, theirs.rows) {
      #expect(abs(a.estimate - b.estimate) < 1e-8)
      #expect(abs(a.standardError / b.standardError - 1) < 1e-8, "\(a.name)")
    }
    #expect(abs(ours.joint.statistic! / theirs.joint.statistic! - 1) < 1e-7)
    let (f, g) = (try estimated.anova(.residual).rows, try exact.anova(.residual).rows)
    for (a, b) in zip(f, g) {
      #expect(a.name == b.name && abs(a.statistic! / b.statistic! - 1) < 1e-6, "\(a.name)")
    }
  }

  @Test func `degrees of freedom are those of exact equations but for what is estimated`() throws {
    let exact = try Self.fitted(Self.written, "absorb").tested()
    let estimated = try Self.fitted(Self.written, "matrix-free").tested()
    for (a, b) in zip(estimated.fixedEffects, exact.fixedEffects) {
      #expect(abs(a.degreesOfFreedom! / b.degreesOfFreedom! - 1) < 0.1, "\(a.name)")
    }
  }

  @Test func `standard errors of an absorbed factor's levels are estimated`() throws {
    let known = { (options: inout FitOptions) in options.knownTheta = [0.8] }
    let formula = "y ~ x + (1 | i) | f"
    let a = try Self.fitted(formula, "matrix-free", known).absorbedStandardErrors()[0]
    let b = try Self.fitted(formula, "absorb", known).absorbedStandardErrors()[0]
    let squares = zip(a, b).reduce(0) { $0 + ($1.0 / $1.1 - 1) * ($1.0 / $1.1 - 1) }
    #expect((squares / Double(a.count)).squareRoot() < 0.03)
  }
}
