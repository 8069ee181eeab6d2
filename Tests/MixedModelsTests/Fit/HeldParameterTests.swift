// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Single covariance parameters that are known.
@Suite struct `Held parameters` {
  private func model(
    _ formula: String, _ held: [(String, Double)], sigma: Double? = nil,
    _ kind: CriterionKind = .reml, _ file: String = "sleepstudy.csv"
  ) throws -> FittedModel {
    var options = FitOptions()
    options.held = held.map { HeldParameter($0.0, $0.1) }
    options.knownSigma = sigma
    options.criterion = kind
    return try FittedModel(Formula(formula), data: [.file(Files.data(file))], options: options)
  }

  private let slopes = "Reaction ~ Days + (Days | Subject)"
  private let intercepts = "Reaction ~ Days + (1 | Subject)"

  /// REML by optim of the criterion written out with V in R 4.2.2: the criterion, σ, the standard error of Days.
  static let references: [(String, [(String, Double)], Double?, [Double])] = [
    ("Reaction ~ Days + (1 | Subject)", [("sd_(Intercept)|Subject", 25.0)], Double?.none, [1792.0469180193, 31.223543343434, 0.81024985086149]),
    ("Reaction ~ Days + (Days | Subject)", [("sd_Days|Subject", 4.0)], nil, [1747.1403223956, 25.999245507185, 1.159345213705]),
    (
      "Reaction ~ Days + (Days | Subject)", [("cor_Days.(Intercept)|Subject", -0.5)], nil, [1747.4983541649, 25.496080583781, 1.8230721217247]
    ),
    (
      "Reaction ~ Days + (Days | Subject)",
      [("sd_Days|Subject", 4.0), ("cor_Days.(Intercept)|Subject", 0.3)], nil, [1747.2091243381, 26.071978263531, 1.1604446061266]
    ),
    (
      "Reaction ~ Days + (Days | Subject)",
      [("sd_Days|Subject", 4.0), ("sd_(Intercept)|Subject", 30)], 27.0, [1748.3490370955, 27, 1.1746480237918]
    ),
  ]

  @Test(arguments: references)
  func `fits are those of the criterion written out`(
    formula: String, held: [(String, Double)], sigma: Double?, expected: [Double]
  ) throws {
    let fit = try model(formula, held, sigma: sigma).fit
    #expect(abs(fit.criterion - expected[0]) < 1e-6)
    #expect(abs(fit.sigma / expected[1] - 1) < 1e-4)
    #expect(abs(fit.fixedEffects[1].standardError! / expected[2] - 1) < 1e-4)
    let component = fit.varianceComponents[0]
    for (name, value) in held {
      if let i = component.columns.firstIndex(where: { name == "sd_\($0)|Subject" }) {
        #expect(abs(component.standardDeviations[i] / value - 1) < 1e-9)
        #expect(component.standardErrors[i] == nil)
      } else {
        #expect(abs(component.correlations[1][0]! - value) < 1e-9)
        #expect(component.correlationStandardErrors[1][0] == nil)
      }
      #expect(fit.convergence.messages.contains { $0.contains(name) && $0.contains("is known") })
    }
    #expect(fit.parameterCount == (formula.contains("(1") ? 4 : 6) - held.count - (sigma == nil ? 0 : 1))
  }

  /// What is held where it would be estimated changes nothing of the estimates.
  @Test(arguments: [CriterionKind.reml, .ml])
  func `values at the optimum leave it`(kind: CriterionKind) throws {
    let free = try model(slopes, [], kind).tested()
    let component = free.varianceComponents[0]
    for (name, value) in [
      ("sd_(Intercept)|Subject", component.standardDeviations[0]),
      ("sd_Days|Subject", component.standardDeviations[1]),
      ("cor_Days.(Intercept)|Subject", component.correlations[1][0]!),
    ] {
      let held = try model(slopes, [(name, value)], kind).tested()
      #expect(abs(held.criterion - free.criterion) < 1e-7)
      #expect(abs(held.sigma / free.sigma - 1) < 1e-4)
      #expect(held.parameterCount == free.parameterCount - 1)
      #expect(held.convergence.converged)
      // One is known less of.
      #expect(held.fixedEffects[0].degreesOfFreedom! > free.fixedEffects[0].degreesOfFreedom! - 1e-3)
    }
  }

  /// All of them: the solution of Henderson's equations at these variances.
  @Test func `everything held is what is known`() throws {
    let held = try model(
      slopes,
      [
        ("sd_(Intercept)|Subject", 20), ("sd_Days|Subject", 5), ("cor_Days.(Intercept)|Subject", 0.25),
      ], sigma: 25
    ).fit
    var options = FitOptions()
    options.knownTheta = [0.8, 0.05, 0.2 * (1 - 0.0625).squareRoot()]
    options.knownSigma = 25
    let known = try Fit(
      Formula(slopes), data: [.file(Files.data("sleepstudy.csv"))], options: options)
    #expect(abs(held.criterion - known.criterion) < 1e-8)
    #expect(held.parameterCount == 2)
    for (a, b) in zip(held.fixedEffects, known.fixedEffects) {
      #expect(abs(a.estimate! - b.estimate!) < 1e-8)
      #expect(abs(a.standardError! - b.standardError!) < 1e-8)
    }
  }

  /// The held correlation, and three columns with one in common.
  @Test func `structures and larger terms`() throws {
    let free = try model("score ~ Machine + (0 + Machine | Worker)", [], .reml, "machines.csv").fit
    let r = free.varianceComponents[0].correlations
    let held = try model(
      "score ~ Machine + (0 + Machine | Worker)",
      [
        ("cor_MachineB.MachineA|Worker", r[1][0]!), ("cor_MachineC.MachineB|Worker", r[2][1]!),
      ], .reml, "machines.csv").fit
    #expect(abs(held.criterion - free.criterion) < 1e-7)
    #expect(abs(held.varianceComponents[0].correlations[2][0]! - r[2][0]!) < 1e-3)
    #expect(held.parameterCount == free.parameterCount - 2)
    let ar1 = try model(
      "Reaction ~ Days + ar1(0 + factor(Days) | Subject)", [("rho|Subject", 0.8)]).fit
    #expect(abs(ar1.varianceComponents[0].correlations[2][0]! - 0.64) < 1e-12)
    #expect(ar1.parameterCount == 4)
  }

  @Test func `gradients are those of differences`() throws {
    let cases: [([(String, Double)], Double?)] = [
      ([("sd_Days|Subject", 4.0)], nil),
      ([("cor_Days.(Intercept)|Subject", -0.5), ("sd_(Intercept)|Subject", 20)], nil),
      ([("sd_Days|Subject", 4.0)], 25),
    ]
    for (held, sigma) in cases {
      let model = try model(slopes, held, sigma: sigma)
      let criterion = try Criterion(model.model, .reml, WholeEquations(model.model))
      let φ = model.φ.map { $0 + 0.3 }
      let gradient = try criterion.valueAndGradient(φ).gradient
      for k in φ.indices {
        func difference(_ h: Double) throws -> Double {
          var (ahead, behind) = (φ, φ)
          ahead[k] += h
          behind[k] -= h
          return try (criterion.value(ahead) - criterion.value(behind)) / (2 * h)
        }
        let slope = try (4 * difference(5e-4) - difference(1e-3)) / 3
        #expect(abs(gradient[k] - slope) < 1e-6 * max(1, abs(slope)))
      }
    }
  }

  @Test func `later commands respect it`() throws {
    let held = try model(slopes, [("sd_Days|Subject", 4)])
    let folder = try TemporaryFolder()
    let path = folder.file("held.lmm")
    try held.save(to: path)
    let again = try FittedModel(contentsOf: path)
    #expect(again.fit.criterion == held.fit.criterion)
    #expect(again.fit.known == [HeldParameter("sd_Days|Subject", 4)])
    #expect(again.fit.parameterCount == 5)
    let ml = try again.refitted(by: .ml)
    #expect(abs(ml.fit.varianceComponents[0].standardDeviations[1] - 4) < 1e-9)
    var few = BootstrapOptions()
    few.replicates = 3
    let bootstrap = try again.bootstrap(few)
    let column = try #require(again.bootstrapNames.firstIndex(of: "sd_Days|Subject"))
    for replicate in bootstrap.replicates { #expect(abs(replicate.values[column] - 4) < 1e-9) }
    // Against the same model with nothing held, a test of one parameter.
    let free = try model(slopes, [])
    let comparison = try ModelComparison([("held", again), ("free", free)])
    #expect(comparison.rows[1].test?.df == 1)
    let intervals = try again.waldIntervals(level: 0.95, .satterthwaite)
    let own = try #require(intervals.first { $0.parameter.name == "sd_Days|Subject" })
    #expect(own.message?.contains("known") == true && own.lower == nil)
    #expect(try again.randomTermDeletions().rows.count == 1)
    #expect(throws: InferenceError.self) { try again.coefficientTests(.kenwardRoger) }
    #expect(throws: InferenceError.self) { try again.profile() }
    #expect(throws: InferenceError.self) { try BootstrapComparison(("held", again), ("free", free)) }
  }

  static let wrong: [([(String, Double)], String)] = [
    ([("sd_Day|Subject", 4.0)], "no covariance parameter is called sd_Day|Subject"),
    ([("sd_Days|Subject", 4), ("sd_(Intercept)|Subject", 20)], "Hold σ as well"),
    ([("sd_Days|Subject", 0)], "leave the effect out"),
    ([("cor_Days.(Intercept)|Subject", 1.2)], "between -1 and 1"),
    ([("sigma", 3)], "sigma is held by"),
    ([("cor_Days.(Intercept)|Subject", 0.2), ("cor_Days.(Intercept)|Subject", 0.3)], "held twice"),
  ]

  @Test(arguments: wrong)
  func `what cannot be held is refused`(held: [(String, Double)], words: String) throws {
    let error = try #require(
      #expect(throws: (any Error).self) { try model(slopes, held) })
    #expect("\(error)".contains(words), "\(error)")
  }

  @Test func `what is no parameter of a structure is refused`() throws {
    let error = try #require(
      #expect(throws: FitError.self) {
        try model(
          "score ~ Machine + rr(0 + Machine | Worker, 1)", [("cor_MachineC.MachineA|Worker", 0.5)],
          .reml, "machines.csv")
      })
    #expect("\(error)".contains("is no parameter of its own"), "\(error)")
  }
}
