// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

import MixedModels
import ModelFrames

/// Residual variances by stratum.
@Suite struct `Residual strata` {
  private func options(
    _ strata: String?, _ kind: CriterionKind = .reml, solver: String = "auto", threads: Int = 1
  ) -> FitOptions {
    var options = FitOptions()
    (options.residualBy, options.criterion) = (strata, kind)
    (options.solver, options.threads) = (solver, threads)
    return options
  }

  private func fit(_ formula: String, _ file: String, _ options: FitOptions) throws -> Fit {
    var options = options
    if file == "cake.csv" { options.reading.categoricalColumns = ["temperature", "replicate"] }
    return try Fit(Formula(formula), data: [.file(Files.data(file))], options: options)
  }

  private static let orthodont = "distance ~ age * Sex + (1 | Subject)"

  /// nlme 3.1-162: lme(distance ~ age*Sex, ~ 1 | Subject, weights = varIdent(form = ~ 1 | Sex)), REML and
  /// ML; σ is that of the females. intervals() has 1.557597 and 2.932578 around the ratio, and 0.6111581
  /// and 0.9988094 around σ, from other coordinates of the Hessian.
  @Test(arguments: ["absorb", "cholmod"])
  func `two strata are nlme's varIdent`(solver: String) throws {
    let reml = try fit(Self.orthodont, "orthodont.csv", options("Sex", solver: solver))
    #expect(abs(reml.criterion - 415.2204795726) < 1e-8)
    let strata = try #require(reml.residualStrata)
    #expect(strata.name == "Sex" && strata.strata.map(\.label) == ["Female", "Male"])
    #expect(strata.strata.map(\.observations) == [44, 64])
    // nlme stops about 3e-7 short of the optimum.
    #expect(abs(strata.strata[0].standardDeviation - 0.781300447) < 1e-6)
    #expect(abs(strata.strata[1].standardDeviation - 1.669823) < 1e-6)
    #expect(abs(strata.strata[1].ratio - 2.13723529) < 1e-6)
    let females = try #require(strata.strata[0].confidenceInterval)
    #expect(abs(females.low - 0.6111581) < 1e-4 && abs(females.high - 0.9988094) < 2e-4)
    #expect(reml.theta.names == ["Subject.(Intercept)", "Residual.Male"])
    #expect(reml.parameterCount == 4 + 3)
    let errors = [0.8123609955, 0.0526752654, 1.4039843396, 0.1071827765]
    for (effect, error) in zip(reml.fixedEffects, errors) {
      #expect(abs(effect.standardError! - error) < 2e-6)
    }
    #expect(abs(reml.varianceComponents[0].standardDeviations[0] - 1.8475721) < 1e-5)
    #expect(reml.convergence.converged && reml.convergence.gradientMax! < 1e-6)
    let ml = try fit(Self.orthodont, "orthodont.csv", options("Sex", .ml, solver: solver))
    #expect(abs(ml.criterion - 409.352350961) < 1e-8)
  }

  /// nlme: lme(…, ~ age | Subject, …): 411.5224798512; lme(score ~ Machine, ~ 1 | Worker/Machine, weights
  /// = varIdent(form = ~ 1 | Machine)): 212.3376769265, ratios 0.873810247 and 0.586435039. glmmTMB 1.1.5:
  /// angle ~ recipe + temperature + (1 | replicate) + (1 | recipe:temperature), dispformula = ~ recipe:
  /// 1641.762166024 (REML), 1654.0370511 (ML), variances' ratios exp(−0.35308634), exp(−0.28899019).
  @Test func `slopes, nested and crossed factors agree with nlme and glmmTMB`() throws {
    let slopes = try fit(
      "distance ~ age * Sex + (age | Subject)", "orthodont.csv", options("Sex"))
    #expect(abs(slopes.criterion - 411.5224798512) < 1e-7)
    let nested = try fit(
      "score ~ Machine + (1 | Worker / Machine)", "machines.csv", options("~ Machine"))
    #expect(abs(nested.criterion - 212.3376769265) < 1e-7)
    #expect(abs(nested.residualStrata!.strata[1].ratio - 0.873810247) < 1e-5)
    #expect(abs(nested.residualStrata!.strata[2].ratio - 0.586435039) < 1e-5)
    #expect(nested.solver.strategy == "cholmod")
    let crossed = "angle ~ recipe + temperature + (1 | replicate) + (1 | recipe:temperature)"
    let reml = try fit(crossed, "cake.csv", options("recipe"))
    #expect(abs(reml.criterion - 1641.762166024) < 1e-5)
    #expect(abs(2 * log(reml.residualStrata!.strata[1].ratio) + 0.35308634) < 1e-4)
    #expect(abs(2 * log(reml.residualStrata!.strata[2].ratio) + 0.28899019) < 1e-4)
    let ml = try fit(crossed, "cake.csv", options("recipe", .ml))
    #expect(abs(ml.criterion - 1654.0370511) < 1e-5)
  }

  /// Strategies agree on value and gradient, and the gradient is the slope of the value, away from the
  /// optimum.
  @Test(arguments: [CriterionKind.reml, .ml])
  func `derivatives in the ratios are exact`(kind: CriterionKind) throws {
    func check(_ formula: String, _ file: String, _ strata: String, _ solvers: [String]) throws {
      var (values, gradients): ([Double], [[Double]]) = ([], [])
      for solver in solvers {
        var options = options(strata, kind, solver: solver)
        options.reading.categoricalColumns = file == "cake.csv" ? ["temperature", "replicate"] : []
        let criterion = try Criterion(
          Formula(formula), data: [.file(Files.data(file))], options: options)
        let θ = criterion.thetaNames.indices.map { 0.6 + 0.35 * Double($0 % 3) }
        let (value, gradient) = try expectExactGradient(criterion, at: θ)
        values.append(value)
        gradients.append(gradient)
      }
      for k in solvers.indices {
        #expect(abs(values[k] - values[0]) < 1e-9 * abs(values[0]))
        for (a, b) in zip(gradients[k], gradients[0]) { #expect(abs(a - b) < 1e-7 * max(1, abs(b))) }
      }
    }
    try check(
      "distance ~ age * Sex + (age | Subject)", "orthodont.csv", "~ Sex + age",
      ["absorb", "cholmod"])
    try check(
      "angle ~ recipe + temperature + (1 | replicate) + (1 | recipe:temperature)", "cake.csv",
      "recipe", ["cholmod"])
  }

  /// Strata of one variance are the model without strata.
  @Test func `with ratios of one the criterion is that of equal variances`() throws {
    let data: [any TableSource] = [DataSource.file(Files.data("orthodont.csv"))]
    let strata = try Criterion(Formula(Self.orthodont), data: data, options: options("Sex"))
    let equal = try Criterion(Formula(Self.orthodont), data: data, options: options(nil))
    for λ in [0.0, 0.4, 3] {
      #expect(abs(try strata([λ, 1]) - equal([λ])) < 1e-9)
    }
  }

  private func rows(reversed: Bool = false, unit: Double = 1) throws -> String {
    let text = try String(contentsOfFile: Files.data("orthodont.csv"), encoding: .utf8)
    var lines = text.split(separator: "\n").map(String.init)
    let header = lines.removeFirst()
    if reversed { lines.reverse() }
    let scaled = lines.map { line in
      var fields = line.split(separator: ",").map(String.init)
      fields[0] = "\(Double(fields[0])! * unit)"
      return fields.joined(separator: ",")
    }
    return ([header] + scaled).joined(separator: "\n") + "\n"
  }

  @Test func `units, the rows' order, threads and shards change nothing`() throws {
    let folder = try TemporaryFolder()
    let reference = try fit(Self.orthodont, "orthodont.csv", options("Sex"))
    try folder.write(rows(reversed: true), to: "reversed.csv")
    try folder.write(rows(unit: 1000), to: "micro.csv")
    let formula = try Formula(Self.orthodont)
    func refit(_ file: String, threads: Int = 1) throws -> Fit {
      try Fit(
        formula, data: [.file(folder.file(file))], options: options("Sex", threads: threads))
    }
    let reversed = try refit("reversed.csv")
    #expect(abs(reversed.criterion - reference.criterion) < 1e-9)
    #expect(abs(reversed.residualStrata!.strata[1].ratio - 2.13723529) < 1e-6)
    let micro = try refit("micro.csv")
    #expect(abs(micro.residualStrata!.strata[1].standardDeviation - 1669.823) < 1e-3)
    #expect(abs(micro.theta.values[1] - reference.theta.values[1]) < 1e-6)
    #expect(try refit("reversed.csv", threads: 3).criterion == reversed.criterion)

    // Shards: the first has one stratum, and none of the other's levels.
    let lines = try rows().split(separator: "\n").map(String.init)
    try folder.write(([lines[0]] + lines[70...]).joined(separator: "\n") + "\n", to: "b.csv")
    try folder.write((lines[..<70]).joined(separator: "\n") + "\n", to: "a.csv")
    for part in ["a", "b"] {
      try CrossProducts(
        formula, data: [.file(folder.file("\(part).csv"))], options: options("Sex")
      ).write(to: folder.file("\(part).lmm"))
    }
    var sum = try CrossProducts(contentsOf: folder.file("b.lmm"))
    try sum.merge(CrossProducts(contentsOf: folder.file("a.lmm")))
    let merged = try Fit(sum, options: options(nil))
    #expect(abs(merged.criterion - reference.criterion) < 1e-9)
    #expect(merged.residualStrata?.strata.map(\.observations) == [44, 64])
    let other = try CrossProducts(
      formula, data: [.file(folder.file("a.csv"))], options: options(nil))
    #expect(throws: FitError.self) { try sum.merge(other) }
  }

  @Test func `a saved fit comes back, and is tested against equal variances`() throws {
    let folder = try TemporaryFolder()
    let formula = try Formula(Self.orthodont)
    let data: [any TableSource] = [DataSource.file(Files.data("orthodont.csv"))]
    _ = try Fit(
      formula, data: data, options: options("Sex"), savingTo: folder.file("strata.lmm"))
    let strata = try FittedModel(contentsOf: folder.file("strata.lmm"))
    #expect(abs(strata.fit.criterion - 415.2204795726) < 1e-8)
    #expect(abs(strata.fit.residualStrata!.strata[1].ratio - 2.13723529) < 1e-6)
    let equal = try FittedModel(formula, data: data, options: options(nil))
    let table = try ModelComparison([("equal", equal), ("strata", strata)])
    // nlme: 433.757249201, the REML criterion with one variance.
    #expect(abs(table.rows[0].deviance - equal.fit.criterion) < 1e-9)
    #expect(table.criterionKind == .reml && table.rows[1].test?.df == 1)
    #expect(
      abs(table.rows[1].test!.statistic - (equal.fit.criterion - 415.2204795726)) < 1e-7)
  }

  /// nlme's estimates: the variance of Xβ over the rows, that of the intercepts, and the mean of σ_s² over the rows.
  @Test func `shares of the variance have the mean residual variance`() throws {
    let data: [any TableSource] = [DataSource.file(Files.data("orthodont.csv"))]
    let fitted = try FittedModel(Formula(Self.orthodont), data: data, options: options("Sex"))
    let shares = try fitted.varianceExplained()
    #expect(abs(shares.fixedVariance - 3.625561003) < 1e-5)
    #expect(abs(shares.randomVariance - 3.413511700) < 1e-4)
    #expect(abs(shares.residualVariance - 1.901027830) < 1e-5)
    #expect(abs(shares.marginalR² - 0.405539176) < 1e-5)
    #expect(abs(shares.conditionalR² - 0.787359457) < 1e-5)
    #expect(abs(shares.adjustedICC - 0.642296794) < 1e-5)
    #expect(throws: InferenceError.self) { try fitted.varianceExplained(ratios: ["Subject / (Subject + Residual)"]) }
  }

  /// The profile of a stratum's standard deviation is that of σ where the stratum is the first.
  @Test func `every stratum has a profile`() throws {
    let data: [any TableSource] = [DataSource.file(Files.data("orthodont.csv"))]
    func limits(_ name: String, first: String) throws -> ConfidenceInterval {
      var options = options("Sex", .ml)
      options.levels = ["Sex": [first, first == "Male" ? "Female" : "Male"]]
      let fitted = try FittedModel(Formula(Self.orthodont), data: data, options: options)
      var wanted = ProfileOptions()
      wanted.parameters = [name]
      return try #require(fitted.profile(wanted).intervals.first)
    }
    let first = try limits("sigma_Male", first: "Male")
    let second = try limits("sigma_Male", first: "Female")
    #expect(abs(first.lower! - second.lower!) < 1e-4 && abs(first.upper! - second.upper!) < 1e-4)
    #expect(abs(first.estimate! - second.estimate!) < 1e-5)
  }

  /// Responses have the strata's own variances: estimates scatter about the truth as the Hessian says.
  @Test func `the bootstrap draws every stratum by its own variance`() throws {
    let data: [any TableSource] = [DataSource.file(Files.data("orthodont.csv"))]
    let fitted = try FittedModel(Formula(Self.orthodont), data: data, options: options("Sex"))
    var wanted = BootstrapOptions()
    (wanted.replicates, wanted.seed) = (400, 11)
    let bootstrap = try fitted.bootstrap(wanted)
    #expect(bootstrap.failedCount == 0)
    for stratum in fitted.fit.residualStrata!.strata {
      let k = try #require(bootstrap.names.firstIndex(of: "sigma_\(stratum.label)"))
      let values = bootstrap.replicates.map { $0.values[k] }
      let mean = values.reduce(0, +) / 400
      let sd = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 399).squareRoot()
      // 400 replicates: means to 5 % of a standard error, deviations to 4 %.
      #expect(abs(mean - stratum.standardDeviation) < 0.2 * stratum.standardError!)
      #expect(abs(sd / stratum.standardError! - 1) < 0.15)
    }
    #expect(try fitted.bootstrap(wanted).replicates[3].values == bootstrap.replicates[3].values)
  }

  /// A row's weight is w (σ/σ_s)² in all that rows are told.
  @Test func `predictions know the strata`() throws {
    let data: [any TableSource] = [DataSource.file(Files.data("orthodont.csv"))]
    let fitted = try FittedModel(Formula(Self.orthodont), data: data, options: options("Sex"))
    var wanted = PredictionOptions()
    wanted.wantsResiduals = true
    let rows = try fitted.predict(data, options: wanted)
    let strata = fitted.fit.residualStrata!.strata
    let male = pow(strata[0].standardDeviation / strata[1].standardDeviation, 2)
    #expect(abs(rows.weights.first! - male) < 1e-12 && rows.weights.last! == 1)
    // nlme's normalized residuals, resid(m, type = "normalized"), of the first and the last row.
    let sigma = fitted.fit.sigma
    #expect(abs(rows.residuals[0] * rows.weights[0].squareRoot() / sigma - Self.normalized.first) < 1e-5)
    #expect(abs(rows.residuals.last! / sigma - Self.normalized.last) < 1e-5)
  }

  private static let normalized = (first: 0.6436436494, last: 0.4426815126)

  @Test(arguments: [
    ("age + nosuch", "nosuch"), ("~ log(age)", "power of a covariate"),
    ("~ (1 | Sex)", "random term"), ("~ one", "one level only"), ("~ row", "more than 100 levels"),
    ("~ rare", "in one row only"), ("~ 1", "names no column"),
  ])
  func `strata that cannot be are refused`(strata: String, words: String) throws {
    var text = "y,g,one,row,rare,age\n"
    for i in 0..<120 {
      text += "\(Double((i * 37) % 17)),g\(i % 10),a,\(i),\(i == 7 ? "x" : "y\(i % 2)"),\(i % 4)\n"
    }
    let folder = try TemporaryFolder()
    try folder.write(text, to: "t.csv")
    let error = #expect(throws: (any Error).self) {
      try Fit(
        Formula("y ~ age + (1 | g)"), data: [.file(folder.file("t.csv"))],
        options: options(strata))
    }
    #expect("\(error!)".contains(words), "\(error!)")
  }

  @Test(arguments: [
    ("distance ~ age + (1 | Subject)", "cluster"),
    ("distance ~ age", "no random terms"), ("distance ~ age | Subject", "no random terms"),
  ])
  func `what cannot stand beside strata is refused`(formula: String, words: String) throws {
    var options = options("Sex")
    if words == "cluster" { (options.clusters, options.coefficientCovariance) = ("Subject", .cr2) }
    let error = #expect(throws: (any Error).self) {
      try FittedModel(
        Formula(formula), data: [.file(Files.data("orthodont.csv"))], options: options)
    }
    #expect("\(error!)".contains(words), "\(error!)")
  }

  /// A term without its correlations is the same model with `homdiag`, strata and all.
  @Test func `correlations of a structure are taken out beside strata`() throws {
    func model(_ word: String) throws -> FittedModel {
      try FittedModel(
        Formula("score ~ 1 + \(word)(0 + Machine | Worker) + (1 | Machine)"),
        data: [.file(Files.data("machines.csv"))], options: options("Machine"))
    }
    let rows = try model("homcs").randomTermDeletions().rows
    let reduced = try model("homdiag").fit
    let row = try #require(rows.first { $0.name?.hasPrefix("correlation") == true })
    #expect(abs(row.logLikelihood - reduced.logLikelihood) < 1e-6)
    #expect(row.test?.df == 1)
  }

  @Test func `rows without a stratum are left out`() throws {
    let folder = try TemporaryFolder()
    let text = try rows().replacingOccurrences(of: "26.0,8,M01,Male", with: "26.0,8,M01,")
    try folder.write(text, to: "t.csv")
    let fit = try Fit(
      Formula(Self.orthodont), data: [.file(folder.file("t.csv"))], options: options("Sex"))
    #expect(fit.omittedObservations == 1)
    #expect(fit.residualStrata?.strata.map(\.observations) == [44, 63])
  }

  /// Without variance in a stratum the likelihood has no maximum.
  @Test func `a stratum that is explained exactly is an error`() throws {
    var text = "y,g,s\n"
    for i in 0..<60 {
      let noise = i % 3 == 0 ? 0 : Double((i * 7919) % 23) / 23 - 0.5
      text += "\(Double(i % 6) + noise),g\(i % 6),\(i % 3 == 0 ? "exact" : "noisy")\n"
    }
    let folder = try TemporaryFolder()
    try folder.write(text, to: "t.csv")
    let error = #expect(throws: FitError.self) {
      try Fit(
        Formula("y ~ 1 + (1 | g)"), data: [.file(folder.file("t.csv"))], options: options("s"))
    }
    #expect("\(error!)".contains("“exact”") && "\(error!)".contains("falls to zero"), "\(error!)")
  }
}
