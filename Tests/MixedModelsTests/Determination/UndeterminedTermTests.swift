// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Right values are those of the model without what is not determined, by R 4.2's lm or by lme4 1.1-31
/// with lmerTest 3.1-3.
@Suite struct `What the data do not determine` {
  private func fitted(
    _ formula: String, _ name: String, _ criterion: CriterionKind = .reml
  ) throws -> FittedModel {
    var options = FitOptions()
    options.criterion = criterion
    let file =
      name == "sleepstudy"
      ? Files.data("sleepstudy.csv")
      : Files.test("MixedModelsTests/Determination/Data/\(name).csv").path
    return try FittedModel(Formula(formula), data: [.file(file)], options: options)
  }

  private func tested(_ formula: String, _ name: String) throws -> Fit {
    let file =
      name == "sleepstudy"
      ? Files.data("sleepstudy.csv")
      : Files.test("MixedModelsTests/Determination/Data/\(name).csv").path
    return try Fit(Formula(formula), data: [.file(file)])
  }

  private func expect(
    _ fit: Fit, _ name: String, _ estimate: Double, _ error: Double, df: Double, p: Double
  ) throws {
    let effect = try #require(fit.fixedEffects.first { $0.name == name })
    #expect(abs(effect.estimate! - estimate) <= 1e-6 * error)
    #expect(abs(effect.standardError! - error) <= 1e-6 * error)
    #expect(abs(effect.degreesOfFreedom! - df) <= 1e-4 * df)
    // log p follows log t by about −df, and df itself.
    #expect(abs(log(effect.pValue! / p)) <= 1e-3)
  }

  @Test func `a grouping factor that is a fixed factor`() throws {
    let fit = try tested("y ~ f*x + (1|f)", "flat")
    #expect(fit.convergence.notDetermined == ["sd_(Intercept)|f"])
    #expect(fit.convergence.converged)
    #expect(!fit.convergence.isSingular)
    #expect(fit.convergence.messages.contains { $0.contains("sd_(Intercept)|f") })
    #expect(abs(fit.criterion - 390.9759099) <= 1e-6)
    #expect(abs(fit.sigma - 1.222636749) <= 1e-8)
    #expect(fit.varianceComponents[0].standardErrors == [nil])
    #expect(fit.varianceComponents[0].held == [0])
    #expect(fit.varianceComponents[0].reportedCovariances == [[nil]])
    try expect(fit, "(Intercept)", 0.80485733537, 0.1923751309, df: 114, p: 5.659521078e-05)
    try expect(fit, "fq", 1.32865644276, 0.2826452812, df: 114, p: 7.309059930e-06)
    try expect(fit, "fr", 0.28654354129, 0.2732622990, df: 114, p: 2.965791026e-01)
  }

  @Test func `a fixed factor above a nested one`() throws {
    let fit = try tested("y ~ trt + (1|trt/subject)", "unidentified")
    #expect(fit.convergence.notDetermined == ["sd_(Intercept)|trt"])
    #expect(abs(fit.criterion - 287.3137671) <= 1e-6)
    try expect(fit, "trtb", 3.151933333, 0.5756499280, df: 15, p: 6.393277088e-05)
    try expect(fit, "trtc", 5.451300000, 0.5756499280, df: 15, p: 1.018234935e-07)
    let component = fit.varianceComponents[0]
    #expect(component.name == "subject:trt")
    #expect(abs(component.standardDeviations[0] - 0.881049774) <= 1e-6)
    #expect(component.standardErrors[0] != nil)
    #expect(fit.parameterCount == 5)
    let kenwardRoger = try fitted("y ~ trt + (1|trt/subject)", "unidentified")
      .anova(.kenwardRoger)
    #expect(abs(kenwardRoger.rows[0].statistic! - 45.20431) <= 1e-4)
    #expect(abs(kenwardRoger.rows[0].denominatorDF! - 15) <= 1e-4)
  }

  @Test func `the tests of the others are those without it`() throws {
    let both = try tested("effort ~ Type + (1|Subject) + (1|Type)", "ergo")
    let without = try tested("effort ~ Type + (1|Subject)", "ergo")
    #expect(abs(both.criterion - without.criterion) <= 1e-8)
    #expect(abs(both.criterion - 111.0933) <= 1e-4)
    for (a, b) in zip(both.fixedEffects, without.fixedEffects) {
      try expect(
        both, a.name, b.estimate!, b.standardError!, df: b.degreesOfFreedom!, p: b.pValue!)
    }
  }

  @Test func `two factors of one partition`() throws {
    let model = try fitted("y ~ x + (1|school/class) + (1|class)", "school_class")
    let fit = model.fit
    #expect(
      fit.convergence.notDetermined == ["sd_(Intercept)|class", "sd_(Intercept)|class:school"])
    #expect(abs(fit.criterion - 311.7950621) <= 1e-6)
    #expect(fit.parameterCount == 5)
    let sd = fit.varianceComponents.map(\.standardDeviations[0])
    #expect(abs(sd[0] - 1.5905295872) <= 1e-5)
    #expect(fit.varianceComponents.map(\.held) == [[], [0], []])
    #expect(fit.varianceComponents.map { $0.standardErrors[0] == nil } == [true, true, false])
    let table = try model.randomTermDeletions()
    #expect(
      table.rows.map(\.name) == [
        nil, "(1 | class:school)", "(1 | school)", "(1 | class)",
        "(1 | class) and (1 | class:school)",
      ])
    let tests = table.rows.compactMap(\.test)
    #expect(tests.map(\.df) == [0, 1, 0, 1])
    #expect(abs(tests[1].statistic - 0.225792) <= 1e-5)
    #expect(tests[0].statistic == 0 && tests[0].naivePValue == nil)
    #expect(tests[2].statistic == 0 && tests[2].naivePValue == nil)
    #expect(abs(tests[3].statistic - 69.283844) <= 1e-5)
  }

  @Test func `slopes that are zero`() throws {
    let fit = try tested("y ~ x + (0+zero|g)", "zero_slope")
    #expect(fit.convergence.notDetermined == ["sd_zero|g"])
    try expect(fit, "x", 0.5683221562, 0.1211527436, df: 118, p: 7.375874704e-06)
    let beside = try tested("y ~ x + (zero|g)", "zero_slope")
    #expect(beside.convergence.notDetermined == ["cor_zero.(Intercept)|g", "sd_zero|g"])
    #expect(abs(beside.criterion - 393.1731308) <= 1e-6)
    #expect(beside.varianceComponents[0].standardErrors.map { $0 == nil } == [false, true])
    try expect(beside, "x", 0.5246613033, 0.1114713931, df: 111.47662974, p: 7.285346227e-06)
  }

  /// x2 is a linear function of x, `const` is 7.
  @Test(arguments: ["x + x2", "x2 + x", "const + x", "x + const", "x + zero"])
  func `slopes that are combinations of others`(columns: String) throws {
    let fit = try tested("y ~ x + (\(columns)|g)", "zero_slope")
    #expect(!fit.convergence.notDetermined.isEmpty)
    #expect(abs(fit.criterion - 392.7915565) <= 1e-5)
    #expect(fit.parameterCount == 6)
    let x = try #require(fit.fixedEffects.first { $0.name == "x" })
    #expect(abs(x.estimate! - 0.505613796) <= 1e-4 * 0.1173756120)
    #expect(abs(x.standardError! - 0.1173756120) <= 1e-4 * 0.1173756120)
    #expect(abs(x.degreesOfFreedom! - 6.70837471) <= 1e-2)
  }

  @Test(arguments: [
    "(1|Subject) + (Days|Subject)", "(Days|Subject) + (1|Subject)",
    "(Days||Subject) + (Days|Subject)", "(Days|Subject) + (Days|Subject)",
    "(Days + I(2*Days)|Subject)", "(Days|Subject) + (1|factor(Subject))",
  ])
  func `terms that hold others`(terms: String) throws {
    let fit = try tested("Reaction ~ Days + \(terms)", "sleepstudy")
    let determined = try tested("Reaction ~ Days + (Days|Subject)", "sleepstudy")
    #expect(!fit.convergence.notDetermined.isEmpty)
    #expect(!fit.convergence.notDetermined.contains("sigma"))
    #expect(abs(fit.criterion - 1743.628272) <= 1e-5)
    #expect(abs(fit.aic - 1755.628272) <= 1e-5)
    // lme4 stops 6e-6 of a standard error away from the optimum.
    #expect(abs(fit.criterion - determined.criterion) <= 1e-8)
    #expect(fit.parameterCount == determined.parameterCount)
    for effect in determined.fixedEffects {
      try expect(
        fit, effect.name, effect.estimate!, effect.standardError!, df: effect.degreesOfFreedom!,
        p: effect.pValue!)
    }
  }

  /// The likelihood has an opinion on a variance inside the fixed part: zero.
  @Test func `maximum likelihood determines more`() throws {
    let fit = try fitted("y ~ f*x + (1|f)", "flat", .ml).fit
    #expect(fit.convergence.notDetermined.isEmpty)
    #expect(fit.convergence.isSingular)
    #expect(fit.varianceComponents[0].standardDeviations[0] < 1e-6)
  }

  @Test func `intervals say so`() throws {
    let model = try fitted("y ~ trt + (1|trt/subject)", "unidentified")
    for interval in try model.waldIntervals(.satterthwaite) + model.profile().curves.map(\.interval)
    {
      if interval.parameter.name == "sd_(Intercept)|trt" {
        #expect(interval.lower == nil && interval.upper == nil)
        #expect(interval.message == "the data do not determine it")
      } else {
        #expect(interval.lower != nil && interval.upper != nil)
      }
    }
  }

  /// 3 rows, 2 levels and a covariate: one error contrast.
  @Test func `where nothing is determined there is no fit`() throws {
    let data = DataSource.bytes(Array("y,x,g\n1,1,a\n2,3,a\n4,2,b\n".utf8), name: "three.csv")
    #expect(throws: FitError.nothingDetermined(["sd_(Intercept)|g", "sigma"], contrasts: 1)) {
      try Fit(Formula("y ~ x + (1|g)"), data: [data])
    }
  }

  @Test func `a saved fit is the same`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("fit.lmm")
    for (formula, name) in [
      ("y ~ f*x + (1|f)", "flat"), ("y ~ x + (1|school/class) + (1|class)", "school_class"),
      ("y ~ x + (x2 + x|g)", "zero_slope"),
    ] {
      let file = Files.test("MixedModelsTests/Determination/Data/\(name).csv").path
      let saved = try Fit(Formula(formula), data: [.file(file)], savingTo: path)
      let restored = try FittedModel(contentsOf: path).fit
      #expect(restored.convergence.notDetermined == saved.convergence.notDetermined)
      #expect(restored.vcov == saved.vcov)
      #expect(restored.theta.values == saved.theta.values)
    }
  }

  @Test(arguments: ReferenceFit.all)
  func `reference fits are determined`(reference: ReferenceFit) throws {
    #expect(try reference.fitted().fit.convergence.notDetermined == [])
  }
}

/// Designs that tell little of something, and yet tell it.
@Suite struct `What the data do determine` {
  private func notDetermined(
    _ formula: String, _ lines: [String], weights: String? = nil
  ) throws -> [String] {
    var options = FitOptions()
    options.weights = weights
    let text = lines.joined(separator: "\n") + "\n"
    return try Fit(
      Formula(formula), data: [.bytes(Array(text.utf8), name: "table.csv")], options: options
    ).convergence.notDetermined
  }

  /// Two levels of three have more than one row among 2000.
  @Test func `few levels with several rows`() throws {
    var random = SplitMix64(seed: 5)
    let rows = (0..<2000).map { row in "\(random.normal()),g\(min(row, 1997))" }
    #expect(try notDetermined("y ~ 1 + (1|g)", ["y,g"] + rows) == [])
  }

  /// As in meta-analyses, where one study can be a thousand times as precise as others.
  @Test(arguments: [1e-8, 1e-4, 1e4, 1e8])
  func `one level of much or little weight`(weight: Double) throws {
    var random = SplitMix64(seed: 6)
    let rows = (0..<60).map { row -> String in
      let w = row < 4 ? weight : 1
      return "\(random.normal() / w.squareRoot()),\(random.normal()),g\(row / 4),\(w)"
    }
    #expect(try notDetermined("y ~ x + (1|g)", ["y,x,g,w"] + rows, weights: "w") == [])
  }

  /// One level of g has two levels of h, the fixed factor is g: one degree of freedom for h, beside
  /// a level of many rows.
  @Test func `one degree of freedom beside many rows`() throws {
    var random = SplitMix64(seed: 7)
    let big = (0..<3000).map { _ in "\(random.normal()),a,a" }
    let small = (0..<8).map { row in "\(random.normal()),b,b\(row % 2)" }
    #expect(try notDetermined("y ~ g + (1|h)", ["y,g,h"] + big + small) == [])
  }

  /// A covariate that is nearly constant within levels, in large units.
  @Test func `years`() throws {
    var random = SplitMix64(seed: 8)
    let rows = (0..<200).map { row -> String in
      let x = 2_000_000 + 1000 * Double(row / 10 % 2) + (random.normal() * 8).rounded() / 8
      return "\(random.normal()),\(x),g\(row / 10)"
    }
    #expect(try notDetermined("y ~ x + (x|g)", ["y,x,g"] + rows) == [])
  }
}
