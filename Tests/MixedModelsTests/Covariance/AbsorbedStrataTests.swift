// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import TestSupport
import Testing

import MixedModels
import ModelFrames

/// Residual variances by stratum beside absorbed factors, which are fixed effects whose coefficients nobody asked for.
@Suite struct `Residual strata beside absorbed factors` {
  private func fitted(_ formula: String, _ kind: CriterionKind = .reml) throws -> FittedModel {
    var options = FitOptions()
    (options.residualBy, options.criterion) = ("recipe", kind)
    options.reading.categoricalColumns = ["temperature", "replicate"]
    return try FittedModel(Formula(formula), data: [.file(Files.data("cake.csv"))], options: options)
  }

  /// nlme 3.1-162: lme(angle ~ recipe + temperature, ~ 1 | replicate, weights = varIdent(form = ~ 1 | recipe)).
  @Test func `one factor is nlme's`() throws {
    let reml = try fitted("angle ~ recipe + (1 | replicate) | temperature").fit
    #expect(abs(reml.criterion - 1641.762165794) < 1e-6)
    let strata = try #require(reml.residualStrata).strata
    for (stratum, right) in zip(strata, [5.303310685, 5.303310685 * 0.8381627749, 5.303310685 * 0.8654593009]) {
      #expect(abs(stratum.standardDeviation / right - 1) < 1e-4)
    }
    for (effect, right) in zip(reml.fixedEffects, [(-1.477777778, 0.7294096813), (-1.522222222, 0.7393042090)]) {
      #expect(abs(effect.estimate! - right.0) < 1e-8 && abs(effect.standardError! / right.1 - 1) < 1e-4)
    }
    #expect(reml.convergence.converged && reml.convergence.gradientMax! < 1e-6)
    let ml = try fitted("angle ~ recipe + (1 | replicate) | temperature", .ml).fit
    #expect(abs(ml.criterion - 1654.037050888) < 1e-6)
  }

  /// As fixed effects they give the same fit, redundant levels and levels' own effects included.
  @Test(arguments: [CriterionKind.reml, .ml])
  func `two factors are those of fixed effects`(kind: CriterionKind) throws {
    let absorbed = try fitted("angle ~ 1 + (1 | replicate) + (temp | replicate:recipe) | recipe + temperature", kind)
    let written = try fitted("angle ~ recipe + temperature + (1 | replicate) + (temp | replicate:recipe)", kind)
    #expect(abs(absorbed.fit.criterion - written.fit.criterion) < 1e-7)
    for (a, b) in zip(absorbed.fit.theta.values, written.fit.theta.values) { #expect(abs(a - b) < 1e-5) }
    #expect(abs(absorbed.fit.sigma / written.fit.sigma - 1) < 1e-6)
    let rows: [any TableSource] = [.file(Files.data("cake.csv"))]
    let (a, b) = (try absorbed.predict(rows, options: PredictionOptions()), try written.predict(rows, options: PredictionOptions()))
    for (x, y) in zip(a.fitted, b.fitted) { #expect(abs(x - y) < 1e-5) }
  }

  @Test func `levels' effects and their errors are those of fixed effects`() throws {
    let absorbed = try fitted("angle ~ 1 + (1 | replicate) | temperature")
    let written = try fitted("angle ~ 0 + temperature + (1 | replicate)").fit
    let effects = absorbed.absorbedEffects[0].values
    let errors = try absorbed.absorbedStandardErrors()[0]
    #expect(effects.count == 6)
    for (k, effect) in written.fixedEffects.enumerated() {
      #expect(abs(effects[k] - effect.estimate!) < 1e-5)
      #expect(abs(errors[k] / effect.standardError! - 1) < 1e-5)
    }
  }

  @Test func `profiles are those of fixed effects, and replicates are refused`() throws {
    let absorbed = try fitted("angle ~ recipe + (1 | replicate) | temperature", .ml)
    let written = try fitted("angle ~ recipe + temperature + (1 | replicate)", .ml)
    var wanted = ProfileOptions()
    wanted.parameters = ["recipeB", "sigma_B"]
    for (a, b) in zip(try absorbed.profile(wanted).intervals, try written.profile(wanted).intervals) {
      #expect(a.parameter.name == b.parameter.name)
      #expect(abs((a.lower ?? .nan) - b.lower!) < 1e-4 && abs((a.upper ?? .nan) - b.upper!) < 1e-4)
    }
    #expect(throws: InferenceError.self) { try absorbed.bootstrap(BootstrapOptions()) }
  }

  @Test func `a saved fit comes back, and shards add up`() throws {
    let folder = try TemporaryFolder()
    let formula = try Formula("angle ~ recipe + (1 | replicate) | temperature")
    var options = FitOptions()
    options.residualBy = "recipe"
    options.reading.categoricalColumns = ["temperature", "replicate"]
    let whole = try Fit(
      formula, data: [.file(Files.data("cake.csv"))], options: options, savingTo: folder.file("fit.lmm"))
    let saved = try FittedModel(contentsOf: folder.file("fit.lmm"))
    #expect(abs(saved.fit.criterion - whole.criterion) < 1e-9)
    let text = try String(contentsOfFile: Files.data("cake.csv"), encoding: .utf8).split(separator: "\n").map(String.init)
    // Of the first one's strata and temperatures not all are in the second.
    for (name, lines) in [("a", text[1..<100]), ("b", text[100...])] {
      try folder.write(([text[0]] + lines).joined(separator: "\n") + "\n", to: "\(name).csv")
    }
    var sum = try CrossProducts(formula, data: [.file(folder.file("b.csv"))], options: options)
    try sum.merge(CrossProducts(formula, data: [.file(folder.file("a.csv"))], options: options))
    let merged = try Fit(sum, options: FitOptions())
    #expect(abs(merged.criterion - whole.criterion) < 1e-8)
  }
}
