// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

import MixedModels
import ModelFrames
import NumericalMethods

/// Residuals that are correlated in time and have variances of their own in strata, between which subjects go to
/// and fro.
@Suite struct `Correlated residuals in strata` {
  private static let formula = "Reaction ~ Days + (1 | Subject)"
  private let header: String
  /// sleepstudy, every fifth row missing; every third day is late.
  private let lines: [String]
  private let folder: TemporaryFolder

  init() throws {
    let all = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
    header = all[0] + ",part"
    lines = all.dropFirst().enumerated().filter { $0.0 % 5 != 2 }.map { _, line in
      line + (Int(line.split(separator: ",")[1])! % 3 == 0 ? ",late" : ",early")
    }
    folder = try TemporaryFolder()
  }

  private func table(_ name: String = "t.csv", _ rows: [String]? = nil) throws -> any TableSource {
    try folder.write(([header] + (rows ?? lines)).joined(separator: "\n") + "\n", to: name)
    return .file(folder.file(name))
  }

  private func options(
    _ kind: CriterionKind = .reml, word: String = "ar1", solver: String = "auto"
  ) throws -> FitOptions {
    var options = FitOptions()
    options.residual = try ResidualTerm("\(word)(Days | Subject)")
    (options.residualBy, options.criterion, options.solver, options.threads) = ("part", kind, solver, 1)
    return options
  }

  private func fitted(
    _ formula: String = Self.formula, _ options: FitOptions? = nil
  ) throws -> FittedModel {
    try FittedModel(Formula(formula), data: [table()], options: options ?? self.options())
  }

  /// nlme 3.1: lme(Reaction ~ Days, ~ 1 | Subject, correlation = corCAR1(form = ~ Days | Subject), weights =
  /// varIdent(form = ~ 1 | part)), tolerance 1e-10; its ratio is of early to late.
  @Test(arguments: ["ar1", "car1"], ["absorb", "cholmod"])
  func `both together are nlme's varIdent and corCAR1`(word: String, solver: String) throws {
    let reml = try fitted(Self.formula, options(word: word, solver: solver)).fit
    #expect(abs(reml.criterion - 1390.29007214) < 1e-7)
    #expect(reml.theta.names == ["Subject.(Intercept)", "Residual.late", "Residual.rho"])
    #expect(abs(reml.theta.values[1] - 1 / 0.828103804) < 1e-5)
    #expect(abs(reml.autocorrelation!.correlation.estimate - 0.716648275) < 1e-6)
    let strata = try #require(reml.residualStrata).strata
    #expect(strata.map(\.label) == ["early", "late"] && strata.map(\.observations) == [72, 72])
    #expect(abs(strata[1].standardDeviation - 41.8484719) < 2e-4)
    #expect(strata.allSatisfy { $0.standardError! > 1 } && reml.autocorrelation!.correlation.standardError! > 0.01)
    #expect(abs(reml.fixedEffects[0].standardError! - 11.6273198) < 1e-4)
    #expect(abs(reml.fixedEffects[1].standardError! - 1.4148430) < 1e-5)
    let ml = try fitted(Self.formula, options(.ml, word: word, solver: solver)).fit
    #expect(abs(ml.criterion - 1399.16229088) < 1e-7)
    #expect(abs(ml.autocorrelation!.correlation.estimate - 0.7066479) < 1e-6)
  }

  /// The least of the criterion by its definition from V, n × n (NumPy and scipy).
  @Test func `a crossed factor is that of dense matrices`() throws {
    let fit = try fitted("Reaction ~ 1 + (1 | Subject) + (1 | Days)").fit
    #expect(abs(fit.criterion - 1418.670214344) < 1e-7)
    #expect(abs(fit.sigma - 35.2604535) < 1e-3)
    #expect(abs(fit.autocorrelation!.correlation.estimate - 0.72453454) < 1e-5)
  }

  @Test(arguments: [CriterionKind.reml, .ml])
  func `derivatives in strata and correlation are exact`(kind: CriterionKind) throws {
    for solver in ["absorb", "cholmod"] {
      let criterion = try Criterion(
        Formula("Reaction ~ Days + (Days | Subject)"), data: [table()], options: options(kind, solver: solver))
      _ = try expectExactGradient(criterion, at: [0.8, 0.05, 0.2, 1.4, 0.37])
    }
  }

  /// Strata are numbered as a part meets them first; subjects lie in one part.
  @Test func `parts add up in any order, saved as well`() throws {
    let whole = try fitted().fit
    let (mine, theirs) = (lines.filter { $0.split(separator: ",")[2] < "335" }, lines.filter { $0.split(separator: ",")[2] >= "335" })
    let formula = try Formula(Self.formula)
    let early = try #require(theirs.firstIndex { $0.hasSuffix("early") })
    var turned = theirs
    turned.insert(turned.remove(at: early), at: 0)  // begins with the other stratum, out of order
    for second in [theirs, turned] {
      var sum = try CrossProducts(formula, data: [table("a.csv", mine)], options: options())
      try sum.write(to: folder.file("a.lmm"))
      sum = try CrossProducts(contentsOf: folder.file("a.lmm"))
      try sum.merge(CrossProducts(formula, data: [table("b.csv", second)], options: options()))
      let merged = try Fit(sum, options: options())
      #expect(abs(merged.criterion - whole.criterion) < 1e-8)
      #expect(abs(merged.theta.values[1] - whole.theta.values[1]) < 1e-6)
    }
  }

  @Test func `a saved fit comes back, and is tested against either alone`() throws {
    _ = try Fit(
      Formula(Self.formula), data: [table()], options: options(), savingTo: folder.file("both.lmm"))
    let both = try FittedModel(contentsOf: folder.file("both.lmm"))
    #expect(abs(both.fit.criterion - 1390.29007214) < 1e-7)
    var (strata, serial) = (try options(), try options())
    (strata.residual, serial.residualBy) = (nil, nil)
    for smaller in [strata, serial] {
      let row = try ModelComparison([("less", fitted(Self.formula, smaller)), ("both", both)]).rows[1]
      #expect(row.test?.df == 1 && row.test!.statistic > 0)
    }
  }

  /// scipy: the least of the dense criterion where the intercepts' standard deviation is 20.
  @Test func `a standard deviation is held beside both`() throws {
    var options = try options()
    options.held = [HeldParameter("sd_(Intercept)|Subject", 20)]
    let fit = try fitted(Self.formula, options).fit
    #expect(abs(fit.criterion - 1391.996874567) < 1e-7)
    #expect(abs(fit.sigma - 41.57713815) < 1e-3)
    #expect(abs(fit.theta.values[1] - 1.13120350) < 1e-5)
    #expect(abs(fit.autocorrelation!.correlation.estimate - 0.788651) < 1e-5)
    #expect(abs(fit.varianceComponents[0].standardDeviations[0] - 20) < 1e-9)
  }

  /// Kenward and Roger's formulae with V and its derivatives, n × n, by differences (NumPy).
  @Test(arguments: [
    (false, [11.80879797, 1.43679307]), (true, [11.83194237, 1.44616531]),
  ])
  func `Kenward and Roger's adjustment is that of dense matrices`(isLinear: Bool, errors: [Double]) throws {
    let fitted = try fitted()
    let method: DegreesOfFreedomMethod = isLinear ? .kenwardRogerLinear : .kenwardRoger
    let tests = try fitted.coefficientTests(method, level: 0.95)
    for (test, (error, df)) in zip(tests, zip(errors, [30.85475843, 25.16275170])) {
      #expect(abs(test.standardError / error - 1) < 1e-7)
      #expect(abs(test.df! / df - 1) < 1e-6)
    }
  }

  /// Sums of drawn responses y* relative to their fixed part: y*ᵀy* has mean tr V and variance 2 tr V², and 1ᵀy*
  /// the variance 1ᵀV1.
  @Test func `responses are drawn with the covariance matrix of the rows`() throws {
    let fitted = try fitted("Reaction ~ 1 + (1 | Subject)")
    let fit = fitted.fit
    let (τ, σ) = (fit.varianceComponents[0].standardDeviations[0], fit.residualStrata!.strata)
    let ρ = fit.autocorrelation!.correlation.estimate
    let rows = lines.map { $0.split(separator: ",") }
    let deviations = rows.map { σ[$0[3] == "early" ? 0 : 1].standardDeviation }
    var (trace, squares, sum) = (0.0, 0.0, 0.0)
    for (i, a) in rows.enumerated() {
      for (j, b) in rows.enumerated() where a[2] == b[2] {
        let steps = abs(Double(a[1])! - Double(b[1])!)
        let entry = τ * τ + deviations[i] * deviations[j] * pow(ρ, steps)
        if i == j { trace += entry }
        squares += entry * entry
        sum += entry
      }
    }
    let drawn = try DrawnModels(fitted)
    var stream = RandomStream(seed: 3)
    let scale = fitted.model.fixed.responseScale * fitted.model.fixed.responseScale
    let count = 3000.0
    var totals: (square: Double, fourth: Double, sum: Double) = (0, 0, 0)
    for _ in 0..<Int(count) {
      let tail = drawn.draw(&stream).tail
      let square = scale * tail[1, 1]
      totals.square += square
      totals.fourth += (square - trace) * (square - trace)
      totals.sum += scale * tail[0, 1] * tail[0, 1] / tail[0, 0] * Double(rows.count)
    }
    let spread = (2 * squares).squareRoot()
    #expect(abs(totals.square / count - trace) < 4 * spread / count.squareRoot())
    // The variance of a square of 18 subjects' sums has itself a relative standard error of 0.04.
    #expect(abs(totals.fourth / count / (2 * squares) - 1) < 0.16)
    #expect(abs(totals.sum / count / sum - 1) < 4 * (2 / count).squareRoot())
  }

  /// Refits of drawn responses scatter about the truth.
  @Test func `the bootstrap refits both parameters`() throws {
    let fitted = try fitted()
    var wanted = BootstrapOptions()
    (wanted.replicates, wanted.seed) = (100, 1)
    let bootstrap = try fitted.bootstrap(wanted)
    #expect(bootstrap.failedCount == 0)
    let ρ = fitted.fit.autocorrelation!.correlation
    let truths =
      [("sigma_late", fitted.fit.residualStrata!.strata[1].standardDeviation), ("cor_rho|Residual", ρ.estimate)]
      + fitted.fit.fixedEffects.map { ($0.name, $0.estimate!) }
    for (name, truth) in truths {
      let k = try #require(bootstrap.names.firstIndex(of: name))
      let values = bootstrap.replicates.map { $0.values[k] }
      let mean = values.reduce(0, +) / 100
      let sd = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 99).squareRoot()
      // The mean of 100 has a tenth of it for a standard error, and σ and ρ a bias of a tenth.
      #expect(abs(mean - truth) < 0.4 * sd, "\(name): \(mean) for \(truth)")
    }
    #expect(try fitted.bootstrap(wanted).replicates[3].values == bootstrap.replicates[3].values)
  }

  /// nlme: resid(m, type = "normalized") of the first two rows and the last, at estimates that differ by 1e-5.
  @Test func `normalized residuals are nlme's`() throws {
    let predictor = try LinearPredictor(fitted())
    var bytes: [UInt8] = []
    try RowTable(predictor, [.normalizedResidual]).write([table()]) { bytes += $0 }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { $0.split(separator: ",") }
    let place = try #require(lines[0].firstIndex(of: ".normres"))
    for (row, value) in [(1, -1.076083435), (2, -0.815090762), (144, -0.432991427)] {
      #expect(abs(Double(lines[row][place])! - value) < 2e-4)
    }
  }
}
