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
    let data = DataSource.bytes(try UnequalTimes.bytes(), name: "times.csv")
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
      data: [.bytes(try UnequalTimes.bytes(reversed: true), name: "times.csv")], options: options)
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
}
