// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Heritabilities and other functions of the variances.
@Suite struct `Functions of the variances` {
  /// With mean squares A of ν = 5 and E of 24 degrees of freedom, REML's variances are those of the
  /// analysis of variance, and var(A) = 2A²/5, var(E) = 2E²/24 (Searle, Casella & McCulloch 1992, §3.5).
  @Test func `standard errors of a balanced layout have their closed form`() throws {
    let (A, E) = (11271.5, 2451.25)
    let model = try FittedModel(
      Formula("Yield ~ 1 + (1 | Batch)"), data: [DataSource.file(Files.data("dyestuff.csv"))])
    let results = try model.varianceRatios(
      ["Batch", "Residual", "Batch/(Batch + Residual)", "2 * -`Batch` + 1.5*Residual*2"])
    let batch = (A - E) / 5
    let (varA, varE) = (2 * A * A / 5, 2 * E * E / 24)
    // ρ = (A − E)/(A + 4E): ∂ρ/∂A = 5E/(A + 4E)², ∂ρ/∂E = −5A/(A + 4E)².
    let slope = 5 / ((A + 4 * E) * (A + 4 * E))
    let expected = [
      (batch, (varA + varE).squareRoot() / 5), (E, varE.squareRoot()),
      (batch / (batch + E), slope * (E * E * varA + A * A * varE).squareRoot()),
      (3 * E - 2 * batch, (0.16 * varA + 3.4 * 3.4 * varE).squareRoot()),
    ]
    for (result, (value, error)) in zip(results, expected) {
      #expect(abs(try #require(result.estimate) / value - 1) < 1e-6, "\(result.expression)")
      #expect(abs(try #require(result.standardError) / error - 1) < 1e-5, "\(result.expression)")
      let limits = try #require(result.interval)
      #expect(abs(limits.high - result.estimate! - 1.959963984540054 * result.standardError!) < 1e-9 * value)
      #expect(abs(limits.high + limits.low - 2 * result.estimate!) < 1e-9 * value)
    }
  }

  /// Dense REML in NumPy, standard errors by differences of its criterion in the two variances.
  @Test func `the heritability of an animal model is that of the dense equations`() throws {
    let model = try Flock.model()
    #expect(abs(model.fit.criterion - 1549.8628770329) < 1e-7)
    let results = try model.varianceRatios(["animal/(animal+Residual)", "animal", "Residual"])
    let expected = [
      (0.4573339939, 0.1181650687), (10.5866716, 3.41351983), (12.5619938, 2.35526705),
    ]
    for (result, (value, error)) in zip(results, expected) {
      #expect(abs(result.estimate! / value - 1) < 1e-6)
      #expect(abs(result.standardError! / error - 1) < 1e-5)
    }
  }

  @Test func `several columns have variances, covariances and correlations`() throws {
    let model = try FittedModel(
      Formula("Reaction ~ Days + (Days | Subject)"),
      data: [DataSource.file(Files.data("sleepstudy.csv"))])
    let component = model.fit.varianceComponents[0]
    let results = try model.varianceRatios([
      "var_Days|Subject", "sd_Days|Subject", "cor_Days.(Intercept)|Subject",
      "cov_Days.(Intercept)|Subject",
      "cov_Days.(Intercept)|Subject / (sd_Days|Subject * sd_(Intercept)|Subject)", "sigma",
    ])
    let (σ, error) = (component.standardDeviations[1], component.standardErrors[1]!)
    #expect(abs(results[0].estimate! - σ * σ) < 1e-9)
    #expect(abs(results[0].standardError! - 2 * σ * error) < 1e-9)
    #expect(abs(results[1].standardError! - error) < 1e-9)
    #expect(abs(results[2].standardError! - component.correlationStandardErrors[1][0]!) < 1e-9)
    #expect(abs(results[3].estimate! - component.covariances[1][0]) < 1e-9)
    #expect(abs(results[4].estimate! - results[2].estimate!) < 1e-12)
    #expect(abs(results[4].standardError! - results[2].standardError!) < 1e-9)
    #expect(abs(results[5].standardError! - model.fit.sigmaStandardError!) < 1e-9)
  }

  @Test func `a variance of zero has a ratio without a standard error`() throws {
    let model = try FittedModel(
      Formula("Yield ~ 1 + (1 | Batch)"), data: [DataSource.file(Files.data("dyestuff2.csv"))])
    let result = try model.varianceRatios(["Batch/(Batch+Residual)"])[0]
    #expect(result.estimate == 0 && result.standardError == nil && result.interval == nil)
    #expect(result.message?.contains("edge") == true)
  }

  @Test(arguments: [
    ("Bach", "Did you mean “Batch”?"), ("Batch/", "was expected at its end"),
    ("(Batch", "never closed"), ("Batch Residual", "an operator was expected"), ("1.2.3", "no number"),
    ("", "was expected at its end"), ("Batch^2", "an operator was expected"),
  ])
  func `what is no expression is refused`(text: String, words: String) throws {
    let model = try FittedModel(
      Formula("Yield ~ 1 + (1 | Batch)"), data: [DataSource.file(Files.data("dyestuff.csv"))])
    let error = try #require(
      #expect(throws: InferenceError.self) { try model.varianceRatios([text]) })
    #expect("\(error)".contains(words), "\(error)")
  }

  @Test(arguments: [
    (String(repeating: "(", count: 60_000) + "Batch", "nested more than 200 deep"),
    (String(repeating: "-", count: 60_000) + "Batch", "nested more than 200 deep"),
    ("Batch" + String(repeating: "+Batch", count: 60_000), "more than 300 operators"),
  ])
  func `a ratio that is nested too deep is refused`(text: String, words: String) throws {
    let model = try FittedModel(
      Formula("Yield ~ 1 + (1 | Batch)"), data: [DataSource.file(Files.data("dyestuff.csv"))])
    let error = try #require(
      #expect(throws: InferenceError.self) { try model.varianceRatios([text]) })
    #expect("\(error)".contains(words) && "\(error)".utf8.count < 200)
    let nested = String(repeating: "(", count: 200) + "Batch" + String(repeating: ")", count: 200)
    #expect(try model.varianceRatios([nested])[0].estimate != nil)
  }

  @Test func `a term is not taken for the beginning of another's name`() throws {
    let model = try FittedModel(
      Formula("diameter ~ 1 + (1 | plate) + (1 | sample)"),
      data: [DataSource.file(Files.data("penicillin.csv"))])
    let results = try model.varianceRatios(["plate+sample", "sample - sample"])
    let deviations = model.fit.varianceComponents.map { $0.standardDeviations[0] }
    #expect(abs(results[0].estimate! - deviations.reduce(0) { $0 + $1 * $1 }) < 1e-9)
    #expect(results[1].estimate == 0 && results[1].standardError == 0)
  }
}

/// Weights of simulated animals with a pedigree.
enum Flock {
  /// weight ~ sex + year + (1 | animal).
  static func model(
    _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var options = FitOptions()
    options.relationships["animal"] = try pedigree().relationship
    options.reading.categoricalColumns = ["year"]
    change(&options)
    return try FittedModel(
      Formula("weight ~ sex + year + (1 | animal)"),
      data: [DataSource.file(Files.data("flock.csv"))], options: options)
  }

  static func pedigree() throws -> Pedigree {
    let lines = try String(contentsOfFile: Files.data("flock_pedigree.csv"), encoding: .utf8)
      .split(separator: "\n").dropFirst()
    return try Pedigree(
      lines.map { line in
        let fields = line.split(separator: ",").map(String.init)
        func parent(_ k: Int) -> String? { fields[k] == "NA" ? nil : fields[k] }
        return (fields[0], parent(1), parent(2))
      })
  }
}
