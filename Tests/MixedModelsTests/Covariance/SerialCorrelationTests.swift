// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

import MixedModels
import ModelFrames

/// Residuals of a subject that are correlated in time, beside random effects.
@Suite struct `Serial correlation` {
  private static let formula = "Reaction ~ Days + (1 | Subject)"
  private let lines: [String]
  private let folder: TemporaryFolder

  init() throws {
    lines = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
    folder = try TemporaryFolder()
  }

  private func options(
    _ residual: String?, _ kind: CriterionKind = .reml, solver: String = "auto", threads: Int = 1,
    weights: String? = nil
  ) throws -> FitOptions {
    var options = FitOptions()
    options.residual = try residual.map { try ResidualTerm($0) }
    (options.criterion, options.weights) = (kind, weights)
    (options.solver, options.threads) = (solver, threads)
    return options
  }

  private func sleepstudy(
    _ residual: String? = "ar1(Days | Subject)", _ options: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var all = try self.options(residual)
    options(&all)
    return try FittedModel(
      Formula(Self.formula), data: [.file(Files.data("sleepstudy.csv"))], options: all)
  }

  private func table(
    _ name: String, _ rows: some Sequence<String>, header: String? = nil
  ) throws -> any TableSource {
    try folder.write(([header ?? lines[0]] + rows).joined(separator: "\n") + "\n", to: name)
    return .file(folder.file(name))
  }

  /// Every fifth row missing.
  private var gappy: [String] { lines.dropFirst().enumerated().filter { $0.0 % 5 != 2 }.map(\.1) }

  /// nlme 3.1-162: lme(Reaction ~ Days, ~ 1 | Subject, correlation = corAR1(form = ~ Days | Subject)), REML
  /// and ML, run to a tolerance of 1e-12; intervals() has 0.4341227 and 0.799246 around ρ, from its own
  /// numerical Hessian.
  @Test(arguments: ["absorb", "cholmod"])
  func `a random intercept with ar1 is nlme's corAR1`(solver: String) throws {
    let reml = try sleepstudy { $0.solver = solver }.fit
    #expect(abs(reml.criterion - 1736.191063560) < 1e-7)
    let serial = try #require(reml.autocorrelation)
    #expect(serial.word == "ar1" && serial.subject == "Subject" && serial.time == "Days")
    #expect(serial.subjects == 18 && serial.unit == 1)
    #expect(serial.steps.map(\.length) == [1] && serial.steps.map(\.count) == [162])
    #expect(abs(serial.correlation.estimate - 0.65313329) < 1e-6)
    #expect(abs(reml.sigma - 37.63733557) < 1e-4)
    #expect(abs(reml.varianceComponents[0].standardDeviations[0] - 31.71358) < 1e-3)
    let errors = [10.94092875, 1.34408016]
    for (k, error) in errors.enumerated() {
      #expect(abs(reml.fixedEffects[k].standardError! - error) < 1e-5)
    }
    #expect(abs(reml.fixedEffects[1].estimate! - 10.46687369) < 1e-6)
    let interval = try #require(serial.correlation.interval)
    #expect(abs(interval.low - 0.4341227) < 0.01 && abs(interval.high - 0.799246) < 0.005)
    #expect(reml.theta.names == ["Subject.(Intercept)", "Residual.rho"])
    #expect(reml.parameterCount == 5)
    #expect(reml.convergence.converged && reml.convergence.gradientMax! < 1e-6)
    let ml = try sleepstudy {
      $0.criterion = .ml
      $0.solver = solver
    }.fit
    #expect(abs(ml.criterion - 1744.830089686) < 1e-7)
    #expect(abs(ml.autocorrelation!.correlation.estimate - 0.64142399) < 1e-6)
  }

  /// nlme: the same of the rows that are left, with corAR1 and corCAR1, and with weights =
  /// varFixed(~ 1/w), w = 1 + (row mod 3).
  @Test func `steps over missing rows are powers, with weights as well`() throws {
    let data = try table("gaps.csv", gappy)
    let formula = try Formula(Self.formula)
    for word in ["ar1", "car1"] {
      let fit = try Fit(formula, data: [data], options: options("\(word)(Days | Subject)"))
      #expect(abs(fit.criterion - 1394.560740351) < 1e-7)
      #expect(abs(fit.autocorrelation!.correlation.estimate - 0.7664188) < 1e-6)
      #expect(fit.autocorrelation!.steps.map(\.length) == [1, 2])
      #expect(abs(fit.fixedEffects[1].standardError! - 1.4905946) < 1e-6)
    }
    let weighted = gappy.enumerated().map { "\($1),\(1 + ($0 + 1) % 3)" }
    let fit = try Fit(
      formula, data: [table("weights.csv", weighted, header: lines[0] + ",w")],
      options: options("ar1(Days | Subject)", weights: "w"))
    #expect(abs(fit.criterion - 1411.386951080) < 1e-7)
    #expect(abs(fit.autocorrelation!.correlation.estimate - 0.65411968) < 1e-6)
    #expect(abs(fit.fixedEffects[0].standardError! - 11.46426927) < 1e-5)
  }

  /// In twos, or in any unit of car1, the model is the same.
  @Test func `the unit of time does not matter`() throws {
    func scaled(_ unit: Double) throws -> any TableSource {
      try table(
        "unit.csv",
        gappy.map { line in
          var fields = line.split(separator: ",").map(String.init)
          fields[1] = "\(Double(fields[1])! * unit + 1e5 * unit)"
          return fields.joined(separator: ",")
        })
    }
    let formula = try Formula("Reaction ~ 1 + (1 | Subject)")
    let one = try Fit(formula, data: [scaled(1)], options: options("ar1(Days | Subject)"))
    let twos = try Fit(formula, data: [scaled(2)], options: options("ar1(Days | Subject)"))
    #expect(twos.autocorrelation?.unit == 2)
    #expect(abs(one.criterion - twos.criterion) < 1e-8)
    let (a, b) = (one.autocorrelation!.correlation, twos.autocorrelation!.correlation)
    #expect(abs(a.estimate - b.estimate) < 1e-6)
    let hours = try Fit(formula, data: [scaled(24)], options: options("car1(Days | Subject)"))
    #expect(abs(one.criterion - hours.criterion) < 1e-8)
    #expect(abs(pow(hours.autocorrelation!.correlation.estimate, 24) - a.estimate) < 1e-6)
  }

  /// Strategies agree on value and gradient, and the gradient is the slope of the value, away from the
  /// optimum.
  @Test(arguments: [CriterionKind.reml, .ml], ["ar1", "car1"])
  func `derivatives in the correlation are exact`(kind: CriterionKind, word: String) throws {
    let data = try table("gaps.csv", gappy)
    let formula = try Formula("Reaction ~ Days + (Days | Subject)")
    var (values, gradients): ([Double], [[Double]]) = ([], [])
    for solver in ["absorb", "cholmod"] {
      let criterion = try Criterion(
        formula, data: [data], options: options("\(word)(Days | Subject)", kind, solver: solver))
      let θ = [0.8, 0.05, 0.2, 0.37]
      let (value, gradient) = try expectExactGradient(criterion, at: θ)
      values.append(value)
      gradients.append(gradient)
    }
    #expect(abs(values[0] - values[1]) < 1e-9 * abs(values[0]))
    for (a, b) in zip(gradients[0], gradients[1]) { #expect(abs(a - b) < 1e-7 * max(1, abs(b))) }
  }

  @Test func `without correlation the criterion is that of independent residuals`() throws {
    let data: [any TableSource] = [DataSource.file(Files.data("sleepstudy.csv"))]
    let formula = try Formula(Self.formula)
    let serial = try Criterion(formula, data: data, options: options("ar1(Days | Subject)"))
    let independent = try Criterion(formula, data: data, options: options(nil))
    for λ in [0.0, 0.4, 3] {
      #expect(abs(try serial([λ, 0]) - independent([λ])) < 1e-9)
    }
    // A negative correlation is another matter than a positive one.
    #expect(abs(try serial([0.4, 0.3]) - serial([0.4, -0.3])) > 1)
  }

  private func fit(
    _ data: [any TableSource], threads: Int = 1, chunkBytes: Int? = nil
  ) throws -> Fit {
    var options = try options("ar1(Days | Subject)", threads: threads)
    if let chunkBytes { options.reading.chunkBytes = chunkBytes }
    return try Fit(Formula(Self.formula), data: data, options: options)
  }

  private func expectSame(_ a: Fit, _ b: Fit) {
    #expect(abs(a.criterion - b.criterion) < 1e-8)
    #expect(
      abs(a.autocorrelation!.correlation.estimate - b.autocorrelation!.correlation.estimate) < 1e-6)
    #expect(a.autocorrelation!.steps.map(\.count) == b.autocorrelation!.steps.map(\.count))
    for (x, y) in zip(a.fixedEffects, b.fixedEffects) {
      #expect(abs(x.standardError! - y.standardError!) < 1e-6)
    }
  }

  @Test func `order, chunks, files and threads do not matter`() throws {
    let whole = try fit([table("whole.csv", gappy)])
    #expect(whole.convergence.messages.isEmpty)
    // Steps from one chunk to the next, and chunks of one row.
    for bytes in [1000, 100, 40] {
      let cut = try fit([table("whole.csv", gappy)], chunkBytes: bytes)
      expectSame(whole, cut)
      #expect(cut.convergence.messages.isEmpty)
      let threaded = try fit([table("whole.csv", gappy)], threads: 3, chunkBytes: bytes)
      #expect(cut.criterion == threaded.criterion && cut.vcov == threaded.vcov)
    }
    expectSame(
      whole, try fit([table("a.csv", gappy[..<77]), table("b.csv", gappy[77...])]))
    let days = { (row: String) in Int(row.split(separator: ",")[1])! }
    for other in [gappy.reversed(), gappy.sorted { days($0) < days($1) }] {
      for bytes in [1 << 20, 300] {
        let turned = try fit([table("turned.csv", other)], chunkBytes: bytes)
        expectSame(whole, turned)
        #expect(turned.convergence.messages.first?.contains("read twice") == true)
      }
    }
  }

  @Test func `shards of whole subjects add up, and halves of one are refused`() throws {
    let whole = try fit([table("whole.csv", gappy)])
    let formula = try Formula(Self.formula)
    func shard(_ name: String, _ rows: some Sequence<String>) throws -> CrossProducts {
      let products = try CrossProducts(
        formula, data: [table("\(name).csv", rows)], options: options("ar1(Days | Subject)"))
      try products.write(to: folder.file("\(name).lmm"))
      return try CrossProducts(contentsOf: folder.file("\(name).lmm"))
    }
    let cut = gappy.firstIndex { $0.hasSuffix(",335") }!
    var sum = try shard("b", gappy[cut...])
    try sum.merge(shard("a", gappy[..<cut]))
    expectSame(whole, try Fit(sum))
    var half = try shard("c", gappy[..<(cut + 3)])
    let error = #expect(throws: FitError.self) { try half.merge(sum) }
    #expect("\(error!)".contains("rows of Subject “") && "\(error!)".contains("into one part"))
    var other = try CrossProducts(formula, data: [table("a.csv", gappy)], options: options(nil))
    #expect(throws: FitError.self) { try other.merge(sum) }
  }

  @Test func `a saved fit comes back, and is tested against independent residuals`() throws {
    let formula = try Formula(Self.formula)
    let data: [any TableSource] = [DataSource.file(Files.data("sleepstudy.csv"))]
    _ = try Fit(
      formula, data: data, options: options("ar1(Days | Subject)"),
      savingTo: folder.file("ar1.lmm"))
    let serial = try FittedModel(contentsOf: folder.file("ar1.lmm"))
    #expect(abs(serial.fit.criterion - 1736.191063560) < 1e-7)
    #expect(abs(serial.fit.autocorrelation!.correlation.estimate - 0.65313329) < 1e-6)
    let independent = try sleepstudy(nil)
    let table = try ModelComparison([("independent", independent), ("ar1", serial)])
    // nlme: 1786.46508539 without the correlation.
    #expect(table.criterionKind == .reml && table.rows[1].test?.df == 1)
    #expect(abs(table.rows[1].test!.statistic - (1786.46508539 - 1736.19106356)) < 1e-6)
  }

  /// The profile of ρ and of σ at their own estimates, and limits where the deviance has risen by χ².
  @Test func `profiles have limits for the correlation`() throws {
    let fitted = try sleepstudy { $0.criterion = .ml }
    var wanted = ProfileOptions()
    wanted.parameters = ["cor_rho|Residual"]
    let interval = try #require(fitted.profile(wanted).intervals.first)
    #expect(abs(interval.estimate! - 0.64142399) < 1e-6)
    let criterion = try Criterion(
      Formula(Self.formula), data: [.file(Files.data("sleepstudy.csv"))],
      options: options("ar1(Days | Subject)", .ml))
    #expect(interval.lower! > 0.4 && interval.upper! < 0.95)
    for limit in [interval.lower!, interval.upper!] {
      // The best of the intercept's deviation at this ρ.
      var (low, high) = (0.0, 6.0)
      for _ in 0..<80 {
        let (a, b) = (low + (high - low) / 3, high - (high - low) / 3)
        if try criterion([a, limit]) < criterion([b, limit]) { high = b } else { low = a }
      }
      let rise = try criterion([(low + high) / 2, limit]) - fitted.fit.criterion
      #expect(abs(rise - 3.841458820694124) < 1e-3)
    }
    let wald = try fitted.waldIntervals(.none, parameters: ["cor_rho|Residual"])
    #expect(abs(wald[0].lower! - interval.lower!) < 0.05)
  }

  /// Names where contradicting rows stand, and what can be done.
  @Test func `what cannot be is an error that names the rows`() throws {
    func message(
      _ rows: [String], _ term: String = "ar1(Days | Subject)", _ formula: String = Self.formula,
      header: String? = nil, _ change: (inout FitOptions) -> Void = { _ in }
    ) throws -> String {
      var options = try options(term)
      change(&options)
      do {
        _ = try Fit(
          Formula(formula), data: [table("t.csv", rows, header: header)], options: options)
        return "no error"
      } catch { return "\(error)" }
    }
    var twice = gappy
    twice[7] = twice[6]
    let sorted = try message(twice)
    #expect(sorted.contains("line 9") && sorted.contains("line 8") && sorted.contains("same Days"))
    let turned = try message(twice.reversed())
    #expect(turned.contains("same Days") && turned.contains("t.csv, line"))
    var half = gappy
    half[3] = half[3].replacingOccurrences(of: ",4,", with: ",4.5,")
    #expect(try message(half).contains("car1"))
    #expect(try message(half, "car1(Days | Subject)") == "no error")
    let spread = gappy.enumerated().map { k, line in
      let fields = line.split(separator: ",")
      return "\(fields[0]),\(Double(k * k) * 1.37),\(fields[2])"
    }
    #expect(try message(spread, "car1(Days | Subject)").contains("Round Days"))
    #expect(try message(gappy, "car1(Days | Subject)", "Reaction ~ Days").contains("sp_exp"))
    #expect(try message(gappy, "us(Days | Subject)").contains("ar1 or car1"))
    #expect(try message(gappy, "ar1(Days | Reaction)").contains("no subject with two rows"))
    #expect(
      try message(gappy) { $0.reading.categoricalColumns = ["Days"] }.contains("needs times"))
    #expect(try message(gappy, "ar1(Day | Subject)").contains("Days"))
  }

  /// What is not made for rows that depend on each other says so.
  @Test func `what takes rows for independent is refused`() throws {
    let fitted = try sleepstudy()
    let rows: [any TableSource] = [DataSource.file(Files.data("sleepstudy.csv"))]
    // nlme's estimates, with var() of Xβ: the correlation is no share of its own.
    let shares = try fitted.varianceExplained()
    #expect(abs(shares.marginalR² - 0.272838918) < 1e-5)
    #expect(abs(shares.conditionalR² - 0.574757193) < 1e-4)
    #expect(throws: InferenceError.self) { try fitted.varianceExplained(ratios: ["Subject / (Subject + Residual)"]) }
    let predictor = try LinearPredictor(fitted)
    #expect(throws: InferenceError.self) {
      try RowTable(predictor, [.leverage]).write(rows) { _ in }
    }
    #expect(throws: InferenceError.self) { try PredictionPull(predictor, rows, [.leverage]) }
    #expect(throws: InferenceError.self) { try predictor.influence(of: "Subject", rows) }
  }
}
