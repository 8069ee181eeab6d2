// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// The words for covariance structures, each beside what it must be equal to.
@Suite struct `Families of covariance structures` {
  private func fit(_ formula: String, _ file: String = "sleepstudy.csv") throws -> Fit {
    try Fit(Formula(formula), data: [.file(Files.data(file))])
  }

  private func criterion(
    _ formula: String, _ kind: CriterionKind = .reml, _ file: String = "machines.csv"
  ) throws -> Criterion {
    var options = FitOptions()
    options.criterion = kind
    return try Criterion(Formula(formula), data: [.file(Files.data(file))], options: options)
  }

  private struct Reference: CustomStringConvertible, Sendable {
    let formula: String
    let file: String
    let criterion: Double
    let deviations: [Double]
    let sigma: Double
    let parameters: [Double]
    var description: String { formula }
  }

  /// glmmTMB 1.1.5, REML: glmmTMB(score ~ Machine + toep(0 + Machine | Worker), Machines, REML = TRUE) and
  /// so on, times of ou() as numFactor(Days^1.5).
  private static let references = [
    Reference(
      formula: "score ~ Machine + toep(0 + Machine | Worker)", file: "machines.csv",
      criterion: 208.334856532, deviations: [4.04595638908, 8.62527687243, 4.42627522977],
      sigma: 0.961551560907, parameters: [0.786805156618, 0.622279862559]),
    Reference(
      formula: "score ~ Machine + cs(0 + Machine | Worker)", file: "machines.csv",
      criterion: 209.220442314, deviations: [4.11448502514, 8.41974232153, 4.46180031176],
      sigma: 0.962148609076, parameters: [0.735710116658]),
    Reference(
      formula: "score ~ Machine + rr(0 + Machine | Worker, d = 2)", file: "machines.csv",
      criterion: 238.435658295, deviations: [3.6058788661, 8.53677115851, 4.27933884064],
      sigma: 1.64994259016, parameters: []),
    Reference(
      formula: "score ~ Machine + rr(0 + Machine | Worker, 1)", file: "machines.csv",
      criterion: 254.496109275, deviations: [3.43207362234, 8.48911150954, 3.62055729373],
      sigma: 2.20259056198, parameters: [3.43207362234, 8.48911150954, 3.62055729373]),
    Reference(
      formula: "yield ~ nitro + toep(0 + Variety | Block)", file: "oats.csv",
      criterion: 589.401418426, deviations: [16.458773317, 15.1275867309, 23.6092953227],
      sigma: 12.8576124212, parameters: [0.537783735191, 0.940118217527]),
    Reference(
      formula: "yield ~ nitro + rr(0 + Variety | Block, d = 1)", file: "oats.csv",
      criterion: 597.82273676, deviations: [17.4041786507, 10.7311628437, 25.2249665304],
      sigma: 14.8288608983, parameters: [17.4041786507, 10.7311628437, 25.2249665304]),
    Reference(
      formula: "yield ~ nitro + ar1(0 + Variety | Block)", file: "oats.csv",
      criterion: 595.427967807, deviations: [18.1351386088, 18.1351386088, 18.1351386088],
      sigma: 12.9214621235, parameters: [0.568743226647]),
    Reference(
      formula: "distance ~ age * Sex + ou(0 + factor(age) | Subject)", file: "orthodont.csv",
      criterion: 433.389673845, deviations: [1.87807, 1.87807, 1.87807, 1.87807],
      sigma: 1.30333, parameters: [0.0200654]),
    Reference(
      formula: "distance ~ age * Sex + rr(0 + factor(age) | Subject, d = 1)", file: "orthodont.csv",
      criterion: 431.790538577, deviations: [1.76932, 1.54808, 2.1166, 1.82921],
      sigma: 1.36652849364, parameters: [1.76932, 1.54808, 2.1166, 1.82921]),
  ]

  /// Half as many times as days in sleepstudy, two rows of each; REML by optim of the criterion written out
  /// with V in R 4.2.2.
  @Test(arguments: [
    (
      "fa(0 + half | Subject)", 1728.1151511, 21.1046643276,
      [
        18.079006602, 25.7241649704, 42.915050273, 43.9974775977, 53.2309860217, 19.5813893184,
        14.6067370829, 0, 23.8441379329, 26.3603547427,
      ]
    ),
    ("hetar1(0 + half | Subject)", 1731.90296483, 21.5968662488, [0.862260068142]),
    (
      "homtoep(0 + half | Subject)", 1739.83046313, 21.5217772715,
      [0.830578695432, 0.772139000178, 0.522536185332, 0.429999393404]
    ),
  ])
  func `fits are those of the criterion written out`(
    term: String, criterion: Double, sigma: Double, parameters: [Double]
  ) throws {
    let lines = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n")
    let rows = lines.dropFirst().map { line in
      "\(line),h\(Int(Double(line.split(separator: ",")[1])!) / 2)"
    }
    let text = (["\(lines[0]),half"] + rows).joined(separator: "\n") + "\n"
    let fit = try Fit(
      Formula("Reaction ~ Days + \(term)"), data: [.bytes(Array(text.utf8), name: "halves.csv")])
    #expect(abs(fit.criterion - criterion) < 1e-5)
    #expect(abs(fit.sigma / sigma - 1) < 1e-3)
    let found = try #require(fit.varianceComponents[0].structure).parameters
    #expect(found.count == parameters.count)
    for (x, y) in zip(found, parameters) {
      #expect(abs(x.estimate - y) < 2e-3 * max(1, abs(y)), "\(x.name)")
    }
    #expect(fit.convergence.converged)
  }

  @Test(arguments: references)
  private func `fits are glmmTMB's`(reference: Reference) throws {
    let fit = try fit(reference.formula, reference.file)
    #expect(abs(fit.criterion - reference.criterion) < 1e-5)
    #expect(abs(fit.sigma / reference.sigma - 1) < 1e-4)
    let component = fit.varianceComponents[0]
    for (x, y) in zip(component.standardDeviations, reference.deviations) {
      #expect(abs(x / y - 1) < 1e-3)
    }
    let parameters = try #require(component.structure).parameters
    for (x, y) in zip(parameters, reference.parameters) { #expect(abs(x.estimate - y) < 2e-3) }
    #expect(fit.convergence.converged)
    #expect(!fit.convergence.isSingular)
  }

  private func times(_ shuffle: Bool = false) throws -> [UInt8] {
    let lines = try String(contentsOfFile: Files.data("sleepstudy.csv"), encoding: .utf8)
      .split(separator: "\n")
    let rows = lines.dropFirst().map { line -> String in
      let cells = line.split(separator: ",")
      let day = cells.compactMap { Double($0) }[1]
      return "\(line),\(pow(day, 1.5))"
    }
    let all = ["\(lines[0]),t"] + (shuffle ? Array(rows.reversed()) : rows)
    return Array((all.joined(separator: "\n") + "\n").utf8)
  }

  /// Loadings are no triangle down to one entry, as the columns of other terms are.
  @Test(arguments: ["rr(Machine | Worker, d = 1) + (Machine | g)", "(Machine | g) + rr(Machine | Worker, d = 1)"])
  func `reduced rank stands beside other terms`(random: String) throws {
    let lines = try String(contentsOfFile: Files.data("machines.csv"), encoding: .utf8)
      .split(separator: "\n")
    let rows = lines.enumerated().map { k, line in "\(line),\(k == 0 ? "g" : "g\(k % 9)")" }
    var options = FitOptions()
    options.reading.categoricalColumns = ["Worker"]
    let data = DataSource.bytes(Array((rows.joined(separator: "\n") + "\n").utf8), name: "m.csv")
    let fit = try Fit(Formula("score ~ Machine + \(random)"), data: [data], options: options)
    let alone = try Fit(
      Formula("score ~ Machine + rr(Machine | Worker, d = 1)"), data: [data], options: options)
    #expect(fit.convergence.converged && fit.criterion < alone.criterion + 1e-8)
  }

  /// glmmTMB 1.1.5: Reaction ~ Days + ou(0 + numFactor(Days^1.5) | Subject), REML, and exp(): one model.
  /// Correlations of time 0 with the others: 0.952851951407 at a distance of 1.
  @Test(arguments: ["ou", "exp"])
  func `unequally spaced times are glmmTMB's`(word: String) throws {
    let data = DataSource.bytes(try times(), name: "times.csv")
    let formula = "Reaction ~ Days + \(word)(0 + factor(t) | Subject)"
    let fit = try Fit(Formula(formula), data: [data])
    #expect(abs(fit.criterion - 1727.41879984) < 1e-5)
    #expect(abs(fit.sigma - 11.368105518) < 2e-3)
    #expect(abs(fit.varianceComponents[0].standardDeviations[9] - 50.32568088) < 5e-3)
    let parameter = try #require(fit.varianceComponents[0].structure).parameters[0]
    let rate = -log(0.952851951407)
    #expect(abs(parameter.estimate / (word == "ou" ? rate : 1 / rate) - 1) < 1e-3)
    let interval = try #require(parameter.interval)
    #expect(interval.low > 0 && interval.low < parameter.estimate)
    #expect(interval.high > parameter.estimate)
    // (XᵀV⁻¹X)⁻¹ at glmmTMB's variances, in NumPy; glmmTMB itself adds the variances' uncertainty: 1.59376.
    #expect(abs(fit.fixedEffects[1].standardError! - 1.59115878) < 1e-4)
    // Another order of rows and of levels is the same model.
    var options = FitOptions()
    options.reading.categoricalColumns = ["t"]
    let levels = fit.varianceComponents[0].columns.map { String($0.dropFirst("factor(t)".count)) }
    options.levels["t"] = [levels[9], levels[0]] + levels[1..<9].reversed()
    let turned = try Fit(
      Formula("Reaction ~ Days + \(word)(0 + t | Subject)"),
      data: [.bytes(try times(true), name: "times.csv")], options: options)
    #expect(abs(turned.criterion - fit.criterion) < 1e-7)
    #expect(abs(turned.theta.values[1] / fit.theta.values[1] - 1) < 1e-5)
  }

  /// Equal distances make one model of both.
  @Test func `equally spaced times are an autoregression`() throws {
    let ou = try fit("Reaction ~ Days + ou(0 + factor(Days) | Subject)")
    let ar1 = try fit("Reaction ~ Days + ar1(0 + factor(Days) | Subject)")
    #expect(abs(ou.criterion - ar1.criterion) < 1e-8)
    #expect(abs(exp(-ou.theta.values[1]) - ar1.theta.values[1]) < 1e-5)
    for (a, b) in zip(ou.fixedEffects, ar1.fixedEffects) {
      #expect(abs(a.degreesOfFreedom! / b.degreesOfFreedom! - 1) < 1e-4)
    }
  }

  /// Words that say the same in other words, and structures with as many parameters as the covariance
  /// matrix has elements.
  @Test(arguments: [
    ("hetar1(0 + Machine | Worker)", "ar1(0 + Machine | Worker, hom = FALSE)"),
    ("homcs(0 + Machine | Worker)", "cs(0 + Machine | Worker, hom = TRUE)"),
    ("homtoep(0 + Machine | Worker)", "toep(0 + Machine | Worker, hom = TRUE)"),
    ("homdiag(0 + Machine | Worker)", "diag(0 + Machine | Worker, hom = TRUE)"),
    ("homdiag(0 + Machine | Worker)", "(1 | Worker:Machine)"),
    ("fa(0 + Machine | Worker)", "us(0 + Machine | Worker)"),
    ("rr(0 + Machine | Worker, d = 3)", "(0 + Machine | Worker)"),
  ])
  func `one model in two words`(a: String, b: String) throws {
    let (a, b) = (
      try fit("score ~ Machine + \(a)", "machines.csv"),
      try fit("score ~ Machine + \(b)", "machines.csv")
    )
    #expect(abs(a.criterion - b.criterion) < 1e-7)
    #expect(a.parameterCount == b.parameterCount)
    for (x, y) in zip(a.fixedEffects, b.fixedEffects) {
      #expect(abs(x.standardError! / y.standardError! - 1) < 1e-5)
      #expect(abs(x.degreesOfFreedom! / y.degreesOfFreedom! - 1) < 1e-3)
    }
  }

  @Test(arguments: ["toep", "hetar1", "cs", "ad"])
  func `two columns are unstructured`(word: String) throws {
    let structured = try fit("Reaction ~ Days + \(word)(Days | Subject)")
    let plain = try fit("Reaction ~ Days + (Days | Subject)")
    #expect(abs(structured.criterion - plain.criterion) < 1e-8)
    #expect(structured.parameterCount == plain.parameterCount)
  }

  static let words = [
    "toep(0 + Machine | Worker)", "homtoep(0 + Machine | Worker)", "homdiag(0 + Machine | Worker)",
    "homcs(0 + Machine | Worker)", "hetar1(0 + Machine | Worker)", "rr(0 + Machine | Worker, 2)",
    "fa(0 + Machine | Worker, 1)", "cs(0 + Machine | Worker)", "ad(0 + Machine | Worker)",
    "ad(0 + Machine | Worker, hom = TRUE)",
  ]

  /// Richardson's extrapolation of central differences, of relative error 1e-7 of the largest entry.
  private func checkGradient(_ criterion: Criterion, _ theta: [Double]) throws {
    let gradient = try criterion.gradient(theta).gradient
    let size = gradient.reduce(1) { max($0, abs($1)) }
    for k in theta.indices {
      func difference(_ h: Double) throws -> Double {
        var (ahead, behind) = (theta, theta)
        ahead[k] += h
        behind[k] -= h
        return try (criterion(ahead) - criterion(behind)) / (2 * h)
      }
      let d = try [4e-3, 2e-3, 1e-3].map(difference)
      let (a, b) = ((4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3)
      let slope = (16 * b - a) / 15
      #expect(abs(gradient[k] - slope) < 1e-7 * size, "\(k) of \(theta): \(gradient[k]), \(slope)")
    }
  }

  @Test(arguments: words, [CriterionKind.reml, .ml])
  func `gradients are those of extrapolated differences`(term: String, kind: CriterionKind) throws {
    let criterion = try criterion("score ~ Machine + \(term)", kind)
    var random = SplitMix64(seed: 5)
    for _ in 0..<2 {
      let theta = criterion.thetaNames.map { name in
        let isCorrelation = name.contains("rho") || term.hasPrefix("ad") && name.split(separator: ".").count > 2
        return isCorrelation ? 0.1 + 0.3 * random.uniform() : 0.4 + random.uniform()
      }
      try checkGradient(criterion, theta)
    }
  }

  @Test(arguments: ["ou", "exp"])
  func `gradients in times are those of extrapolated differences`(word: String) throws {
    let data = DataSource.bytes(try times(), name: "times.csv")
    for hom in ["TRUE", "FALSE"] {
      let criterion = try Criterion(
        Formula("Reaction ~ Days + \(word)(0 + factor(t) | Subject, hom = \(hom))"), data: [data],
        options: FitOptions())
      var theta = criterion.thetaNames.indices.map { 0.8 + 0.1 * Double($0) }
      theta[theta.count - 1] = word == "ou" ? 0.3 : 3
      try checkGradient(criterion, theta)
    }
  }

  @Test(arguments: words)
  func `ways to solve the equations agree`(term: String) throws {
    let model = try LinearMixedModel(
      Formula("score ~ Machine + \(term)"), data: [DataSource.file(Files.data("machines.csv"))],
      options: FitOptions())
    for φ in model.trials.map({ $0.map { min(max($0, -4), 4) } }) {
      let whole = Criterion(model, .reml, try WholeEquations(model))
      let absorbed = Criterion(
        model, .reml, try AbsorbedEquations(model, model.absorbed(), threads: 2))
      let (a, b) = (try whole.valueAndGradient(φ), try absorbed.valueAndGradient(φ))
      #expect(abs(a.value - b.value) <= 1e-10 * abs(a.value))
      let size = a.gradient.reduce(1) { max($0, abs($1)) }
      for (x, y) in zip(a.gradient, b.gradient) { #expect(abs(x - y) <= 1e-8 * size) }
    }
  }

  /// A term beside a structured one is taken out, and the structure stays.
  @Test func `deletions leave structures`() throws {
    let model = try FittedModel(
      Formula("score ~ Machine + ar1(0 + Machine | Worker) + (1 | Worker)"),
      data: [.file(Files.data("machines_unbalanced.csv"))])
    let smaller = try FittedModel(
      Formula("score ~ Machine + ar1(0 + Machine | Worker)"),
      data: [.file(Files.data("machines_unbalanced.csv"))])
    let row = try #require(
      try model.randomTermDeletions().rows.first { $0.name == "(1 | Worker)" })
    #expect(abs(row.logLikelihood - smaller.fit.logLikelihood) < 1e-6)
  }

  /// A structure without its correlations is the one of independent columns.
  @Test func `deletions reduce structures to special cases`() throws {
    func model(_ term: String) throws -> FittedModel {
      try FittedModel(
        Formula("score ~ Machine + \(term)"), data: [.file(Files.data("machines.csv"))])
    }
    for (term, special, df) in [
      ("homcs(0 + Machine | Worker)", "homdiag(0 + Machine | Worker)", 1),
      ("toep(0 + Machine | Worker)", "diag(0 + Machine | Worker)", 2),
    ] {
      let rows = try model(term).randomTermDeletions().rows
      let row = try #require(rows.first { $0.name?.hasPrefix("correlation") == true })
      #expect(row.test?.df == df)
      #expect(abs(row.logLikelihood - (try model(special)).fit.logLikelihood) < 1e-6)
    }
  }

  /// `anova` knows what lies in what.
  @Test func `nested structures are compared`() throws {
    func model(_ term: String) throws -> FittedModel {
      try FittedModel(
        Formula("score ~ Machine + \(term)"), data: [.file(Files.data("machines.csv"))])
    }
    for words in [["homdiag", "homcs", "cs", "toep", "us"], ["homdiag", "ar1", "hetar1", "ad", "us"]] {
      let models = try words.map { ($0, try model("\($0)(0 + Machine | Worker)")) }
      let rows = try ModelComparison(models).rows
      #expect(rows.map(\.parameterCount) == [5, 6, 8, 9, 10])
      #expect(rows.dropFirst().allSatisfy { ($0.test?.df ?? 0) > 0 })
    }
    #expect(throws: InferenceError.self) {
      try ModelComparison([
        ("rr", try model("rr(0 + Machine | Worker, 1)")), ("cs", try model("cs(0 + Machine | Worker)")),
      ])
    }
  }

  @Test(arguments: [
    ("Reaction ~ ou(Days | Subject)", "not the levels of one factor"),
    ("Reaction ~ ou(0 + factor(Dose) | Subject)", "is no time"),
    ("Reaction ~ ar1(0 + factor(Days) | Subject, d = 2)", "no number of dimensions"),
    ("Reaction ~ rr(0 + factor(Days) | Subject, hom = TRUE)", "hom says nothing here"),
    ("Reaction ~ rr(Days | Subject, d = 3)", "Take d = 2 or less"),
    ("Reaction ~ fa(Days | Subject)", "Write the term without a word"),
    ("Reaction ~ rr(Days | Subject, d = 0)", "d = 1 or more"),
    ("Reaction ~ hetar1(Days | Subject, hom = TRUE)", "hom says nothing here"),
    ("Reaction ~ us(Days | Subject, hom = TRUE)", "takes a random term alone"),
    ("Reaction ~ Days + homtoep(0 + factor(Days) | Subject)", "180"),
    ("Reaction ~ exp(Days || Subject)", "two bars in exp()"),
  ])
  func `what does not suit is refused`(formula: String, words: String) throws {
    let error = try #require(
      #expect(throws: (any Error).self) { try fit(formula, "sleepstudy_extra.csv") })
    #expect("\(error)".contains(words), "\(error)")
  }

  @Test(arguments: [
    ("toep(0 + Machine | Worker)", [1, 1, 1, 0.9, 0.1], "no covariance matrix has these correlations"),
    ("toep(0 + Machine | Worker)", [1, 1, 1, 1.2, 0.1], "this correlation lies between -1.0 and 1"),
    ("cs(0 + Machine | Worker)", [1, 1, 1, -0.6], "this correlation lies between -0.5 and 1"),
    ("cs(0 + Machine | Worker)", [1, -1, 1, 0.6], "a standard deviation is a number from 0 on"),
  ])
  func `known values that no covariance matrix has are refused`(
    term: String, theta: [Double], words: String
  ) throws {
    var options = FitOptions()
    options.knownTheta = theta
    let error = try #require(
      #expect(throws: (any Error).self) {
        try Fit(
          Formula("score ~ Machine + \(term)"), data: [.file(Files.data("machines.csv"))],
          options: options)
      })
    #expect("\(error)".contains(words), "\(error)")
  }

  /// Simulated with one column without a variance; and a covariance matrix of rank 1.
  @Test func `boundaries are found`() throws {
    var random = SplitMix64(seed: 4)
    var text = "y,f,g\n"
    for g in 0..<20 {
      let effect = 2 * random.normal()
      for f in 0..<3 {
        for _ in 0..<4 { text += "\(Double(f) * effect + random.normal()),\(f),g\(g)\n" }
      }
    }
    let data = DataSource.bytes(Array(text.utf8), name: "simulated.csv")
    func fit(_ term: String) throws -> Fit {
      try Fit(Formula("y ~ factor(f) + \(term)"), data: [data])
    }
    let us = try fit("(0 + factor(f) | g)")
    let fa = try fit("fa(0 + factor(f) | g, d = 1)")
    let rr = try fit("rr(0 + factor(f) | g, d = 1)")
    #expect(rr.convergence.converged && fa.convergence.converged)
    #expect(!rr.convergence.isSingular)
    #expect(fa.criterion >= us.criterion - 1e-6 && rr.criterion >= fa.criterion - 1e-6)
    let none = try fit("toep(0 + factor(f) | g)")
    #expect(none.convergence.converged && none.convergence.isSingular)
    #expect(none.criterion >= us.criterion - 1e-6)
  }

  /// Where the standard deviation is zero the likelihood does not feel ρ, and rises for one near 1 only.
  /// glmmTMB 1.1.5, REML; a search from ρ = 0.1 stays at zero with 111.7242.
  @Test func `a variance of zero is left along every correlation`() throws {
    let rows = """
      2.39 -0.67 1 1, 3.19 -0.18 1 1, 2.59 -0.07 1 1, 1.73 -0.69 2 1, 2.25 0.15 2 1, 3.86 0.55 2 1, \
      3.91 0.88 3 1, 2.97 0.45 3 1, 4.89 0.9 3 1, 4.79 1.86 1 2, 1.91 -1.14 1 2, 1.38 -0.61 2 2, \
      4.28 1.13 2 2, 3.8 0.51 3 2, 2.05 -1.3 3 2, 3.99 1.04 1 3, 3.61 -0.11 1 3, 3.08 0.19 2 3, \
      2.92 1.01 2 3, 2.53 -0.59 2 3, 4.62 1.7 3 3, 3.78 1.13 3 3, 1.16 -1.62 1 4, 3.57 0.18 1 4, \
      1.86 -0.98 1 4, 1.2 -2.74 2 4, 2.58 -0.03 2 4, 4.08 -0.44 2 4, 3.72 -0.11 3 4, 4.37 1.43 3 4, \
      4.62 1.43 3 4, 2.13 -0.8 1 5, 6.04 1.65 1 5, 2.93 0.66 1 5, 3.16 0.76 3 5, 4.95 -0.03 3 5, \
      -0.05 -1.12 3 5, 3.32 0.64 1 6, 1.46 -1.85 2 6, 2.15 0.98 2 6, 0.2 -0.95 2 6, 1.28 -0.29 3 6, \
      4.1 0.1 3 6
      """
    let text = rows.split(separator: ", ").map { $0.split(separator: " ").joined(separator: ",") }
    let fit = try Fit(
      Formula("y ~ x + ar1(0 + factor(t) | g)"),
      data: [.bytes(Array("y,x,t,g\n\(text.joined(separator: "\n"))\n".utf8), name: "flat")])
    #expect(fit.criterion < 111.715060112 + 1e-6)
  }
}
