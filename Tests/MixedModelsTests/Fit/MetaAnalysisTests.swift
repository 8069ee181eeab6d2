// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Residuals of known variances: σ = 1 with weights 1/v.
@Suite struct `Meta-analyses` {
  /// Log risk ratios of 13 trials of a vaccine, with their variances.
  private static let effect = "log((tpos/(tpos+tneg))/(cpos/(cpos+cneg)))"
  private static let precision = "1/(1/tpos - 1/(tpos+tneg) + 1/cpos - 1/(cpos+cneg))"

  private func bcg(
    _ right: String = "1 + (1 | trial)", _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var options = FitOptions()
    (options.weights, options.knownSigma) = (Self.precision, 1)
    change(&options)
    return try FittedModel(
      Formula(Self.effect + " ~ " + right), data: [DataSource.file(Files.data("bcg.csv"))],
      options: options)
  }

  /// metafor 3.8-1: rma(yi, vi), whose REML log-likelihood has ½ log |XᵀX| more.
  @Test func `a random-effects meta-analysis is metafor's`() throws {
    let fit = try bcg().fit
    #expect(fit.sigma == 1 && fit.parameterCount == 2)
    let variance = fit.varianceComponents[0].covariances[0][0]
    #expect(abs(variance - 0.313243258136) < 2e-8)
    #expect(abs(fit.fixedEffects[0].estimate! + 0.714532342158) < 1e-8)
    #expect(abs(fit.fixedEffects[0].standardError! - 0.179781516105) < 1e-8)
    #expect(abs(fit.logLikelihood + 0.5 * log(13) + 12.2023714155) < 1e-9)
    #expect(fit.convergence.converged)
    #expect(fit.convergence.messages.contains("σ is known, not estimated"))
  }

  @Test func `a meta-analysis by maximum likelihood is metafor's`() throws {
    let model = try bcg { $0.criterion = .ml }
    #expect(abs(model.fit.varianceComponents[0].covariances[0][0] - 0.280028137269) < 2e-8)
    #expect(abs(model.fit.fixedEffects[0].standardError! - 0.171896808777) < 1e-8)
    #expect(abs(model.fit.logLikelihood + 12.6650763483) < 1e-9)
    // Without heterogeneity: rma(yi, vi, method = "FE").
    let deletions = try model.randomTermDeletions()
    #expect(abs(deletions.rows[1].logLikelihood + 70.2235699044) < 1e-8)
    #expect(deletions.rows[1].parameterCount == 1)
  }

  @Test func `a meta-regression is metafor's`() throws {
    let fit = try bcg("ablat + (1 | trial)").fit
    #expect(abs(fit.varianceComponents[0].covariances[0][0] - 0.07634796395592) < 2e-8)
    let expected = [(0.25146821000695, 0.24909539661765), (-0.02910172501164, 0.00719532722093)]
    for (effect, (value, error)) in zip(fit.fixedEffects, expected) {
      #expect(abs(effect.estimate! - value) < 1e-7 && abs(effect.standardError! - error) < 1e-7)
    }
  }

  /// rma.mv(yi, vi, random = ~ 1 | district/school).
  @Test func `three levels are metafor's`() throws {
    var options = FitOptions()
    (options.weights, options.knownSigma) = ("1/vi", 1)
    let data = DataSource.file(Files.data("konstantopoulos2011.csv"))
    let formula = try Formula("yi ~ 1 + (1 | district/school)")
    let fit = try Fit(formula, data: [data], options: options)
    let variances = fit.varianceComponents.map { $0.covariances[0][0] }
    #expect(abs(variances[0] - 0.0327365170) < 1e-7 && abs(variances[1] - 0.0650619443) < 1e-7)
    #expect(abs(fit.fixedEffects[0].estimate! - 0.1847131636725) < 1e-7)
    #expect(abs(fit.fixedEffects[0].standardError! - 0.0845559187483) < 1e-7)
  }

  /// With f the criterion in τ², Var(τ̂²) = 2/f″; Satterthwaite's ν = 2V²/(V′²Var(τ̂²)).
  @Test func `standard errors and degrees of freedom take σ as it is`() throws {
    let model = try bcg()
    let lines = try String(contentsOfFile: Files.data("bcg.csv"), encoding: .utf8)
      .split(separator: "\n").dropFirst()
    let trials = lines.map { line in
      let n = line.split(separator: ",")[3...6].map { Double($0)! }
      let (treated, control) = (n[0] + n[1], n[2] + n[3])
      return (
        y: log((n[0] / treated) / (n[2] / control)),
        v: 1 / n[0] - 1 / treated + 1 / n[2] - 1 / control
      )
    }
    func criterion(_ τ²: Double) -> Double {
      let w = trials.map { 1 / ($0.v + τ²) }
      let μ = zip(w, trials).reduce(0) { $0 + $1.0 * $1.1.y } / w.reduce(0, +)
      let square = zip(w, trials).reduce(0) { $0 + $1.0 * ($1.1.y - μ) * ($1.1.y - μ) }
      return square + log(w.reduce(0, +)) - w.reduce(0) { $0 + log($1) } + 12 * log(2 * .pi)
    }
    let τ² = model.fit.varianceComponents[0].covariances[0][0]
    #expect(abs(criterion(τ²) - model.fit.criterion) < 1e-9)
    func curvature(_ h: Double) -> Double {
      (criterion(τ² + h) - 2 * criterion(τ²) + criterion(τ² - h)) / (h * h)
    }
    let variance = 2 / ((4 * curvature(0.002) - curvature(0.004)) / 3)
    let ratio = try model.varianceRatios(["trial"])[0]
    #expect(abs(ratio.standardError! / variance.squareRoot() - 1) < 1e-5)
    let w = trials.map { 1 / ($0.v + τ²) }
    let V = 1 / w.reduce(0, +)
    let slope = V * V * w.reduce(0) { $0 + $1 * $1 }
    let ν = try model.tested().fixedEffects[0].degreesOfFreedom!
    #expect(abs(ν / (2 * V * V / (slope * slope * variance)) - 1) < 1e-4)
    #expect(model.fit.sigmaStandardError == nil)
  }

  @Test(arguments: ["cholmod", "absorb"]) func `strategies agree`(solver: String) throws {
    let model = try bcg { $0.solver = solver }
    #expect(abs(model.fit.criterion - 2 * 12.2023714155 - log(13)) < 1e-8)
  }

  /// A known σ that is the estimate changes no other estimate.
  @Test(arguments: [CriterionKind.reml, .ml])
  func `σ known as it is estimated leaves the fit alone`(kind: CriterionKind) throws {
    let formula = try Formula("Reaction ~ Days + (Days | Subject)")
    let data = DataSource.file(Files.data("sleepstudy.csv"))
    var options = FitOptions()
    options.criterion = kind
    let free = try Fit(formula, data: [data], options: options)
    options.knownSigma = free.sigma
    let known = try Fit(formula, data: [data], options: options)
    #expect(abs(known.criterion - free.criterion) < 1e-8)
    for (a, b) in zip(known.theta.values, free.theta.values) { #expect(abs(a - b) < 1e-4) }
    #expect(known.parameterCount == free.parameterCount - 1)
  }

  @Test func `a saved meta-analysis is read again, and simulated from`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("bcg.lmm")
    let model = try bcg()
    try model.save(to: path)
    let again = try FittedModel(contentsOf: path)
    #expect(again.fit.criterion == model.fit.criterion && again.fit.parameterCount == 2)
    var options = BootstrapOptions()
    options.replicates = 40
    let bootstrap = try again.bootstrap(options)
    let place = try #require(bootstrap.parameters.firstIndex { $0.name == "sigma" })
    #expect(bootstrap.replicates.allSatisfy { $0.values[place] == 1 })
  }

  @Test func `what needs an estimated σ says so`() throws {
    let model = try bcg()
    for refused: () throws -> Void in [
      { _ = try model.profile() }, { _ = try model.coefficientTests(.kenwardRoger) },
      { _ = try model.randomTermDeletions(boundary: .exact) },
    ] {
      #expect(throws: InferenceError.self) { try refused() }
    }
    let sigma = try model.waldIntervals(.satterthwaite, parameters: ["sigma"])[0]
    #expect(sigma.lower == nil && sigma.message == "it is known")
  }

  /// A column of that name comes before arithmetic.
  @Test func `weights are a column or arithmetic on columns`() throws {
    let table = try ColumnTable([
      "y": .numbers([1, 2, 4, 3, 5, 7]), "v": .numbers([1, 2, 1, 4, 1, 2]),
      "1/v": .numbers([1, 1, 1, 1, 1, 1]), "w": .numbers([1, 0.5, 1, 0.25, 1, 0.5]),
      "g": .labels(["a", "a", "b", "b", "c", "c"]),
    ])
    func criterion(_ weights: String?) throws -> Double {
      var options = FitOptions()
      options.weights = weights
      return try Fit(Formula("y ~ 1 + (1 | g)"), data: [table], options: options).criterion
    }
    #expect(try criterion("w") == criterion("1 / v"))
    #expect(try criterion("w") == criterion("I(v^-1)"))
    #expect(try criterion("1/v") == criterion(nil))
    #expect(throws: (any Error).self) { try criterion("1 / u") }
    for text in ["1/0", "2", "1/(", "v +", "log(-1)"] {
      let error = #expect(throws: FitError.self) { try criterion(text) }
      #expect(error?.description.contains("the weights “\(text)” are no column") == true)
    }
  }
}
