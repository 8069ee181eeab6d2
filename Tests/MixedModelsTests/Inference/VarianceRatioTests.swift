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

  // MARK: Profiles

  /// With A, E and their degrees of freedom as above the REML criterion with γ = σ²_a/σ² held is, but for a constant,
  /// 29 log (24E + 5A/(1 + 5γ)) + 5 log (1 + 5γ).
  @Test(arguments: [0.5, 0.9, 0.95, 0.999])
  func `profile limits of a balanced layout have their closed form`(level: Double) throws {
    let (A, E) = (11271.5, 2451.25)
    let model = try FittedModel(
      Formula("Yield ~ 1 + (1 | Batch)"), data: [DataSource.file(Files.data("dyestuff.csv"))])
    let result = try model.varianceRatios(
      ["Batch/(Batch + Residual)"], level: level, intervals: .profile)[0]
    func criterion(_ ρ: Double) -> Double {
      let share = 1 + 5 * ρ / (1 - ρ)
      return 29 * log(24 * E + 5 * A / share) + 5 * log(share)
    }
    let ρ = (A - E) / (A + 4 * E)
    let quantile = [0.5: 0.454936423119573, 0.9: 2.705543454095404, 0.95: 3.841458820694124,
      0.999: 10.82756617066273][level]!  // R: qchisq(level, 1)
    func limit(_ end: Double) -> Double {
      guard criterion(end) - criterion(ρ) > quantile else { return end }
      var (inner, outer) = (ρ, end)
      for _ in 0..<200 {
        let middle = 0.5 * (inner + outer)
        if criterion(middle) - criterion(ρ) > quantile { outer = middle } else { inner = middle }
      }
      return inner
    }
    let found = try #require(result.interval, "\(result.message ?? "")")
    #expect(abs(found.low - limit(0)) < 1e-5 && (level < 0.99) == (found.low > 0))
    #expect(abs(found.high - limit(1 - 1e-12)) < 1e-5)
    #expect(abs(result.estimate! - ρ) < 1e-6 && result.message == nil)
  }

  /// lme4's REML criterion as a function of θ, at the best θ with such a share (optimize, uniroot).
  @Test func `profile limits of shares of two variances are those of lme4's criterion`() throws {
    let model = try FittedModel(
      Formula("yield ~ nitro + (1 | Block/Variety)"), data: [DataSource.file(Files.data("oats.csv"))])
    let all = "(Block + Variety:Block + Residual)"
    let expected = [
      ("Block / \(all)", 0.4233147, 0.048778335, 0.816444953),
      ("Variety:Block / \(all)", 0.2436269, 0.057537234, 0.622869542),
      ("(Block + Variety:Block) / \(all)", 0.6669415, 0.41948486, 0.89284826),
    ]
    let results = try model.varianceRatios(expected.map(\.0), intervals: .profile)
    for (result, (_, estimate, low, high)) in zip(results, expected) {
      let limits = try #require(result.interval, "\(result.message ?? "")")
      #expect(abs(result.estimate! - estimate) < 1e-5)
      #expect(abs(limits.low - low) < 1e-5 && abs(limits.high - high) < 1e-5, "\(limits)")
    }
  }

  /// What is a parameter, or the square of one, has that one's profile.
  @Test func `functions of one parameter have its profile`() throws {
    var options = FitOptions()
    options.criterion = .ml
    let model = try FittedModel(
      Formula("Reaction ~ Days + (Days | Subject)"),
      data: [DataSource.file(Files.data("sleepstudy.csv"))], options: options)
    var wanted = ProfileOptions()
    wanted.parameters = ["sd_(Intercept)|Subject", "sd_Days|Subject", "sigma"]
    let profiles = try model.profile(wanted).intervals
    let ratios = try model.varianceRatios(
      ["var_(Intercept)|Subject", "sd_Days|Subject", "Residual"], intervals: .profile)
    for (k, isSquare) in [true, false, true].enumerated() {
      let found = try #require(ratios[k].interval, "\(ratios[k].message ?? "")")
      func value(_ limit: Double) -> Double { isSquare ? limit * limit : limit }
      let low = value(try #require(profiles[k].lower))
      let high = value(try #require(profiles[k].upper))
      #expect(abs(found.low / low - 1) < 1e-4 && abs(found.high / high - 1) < 1e-4, "\(found)")
    }
  }

  @Test func `a heritability of zero has an upper limit`() throws {
    let text = (0..<24).map { "\($0 % 2),g\($0 / 4)\n" }.joined()
    let model = try FittedModel(
      Formula("y ~ 1 + (1 | g)"), data: [.bytes(Array("y,g\n\(text)".utf8), name: "flat")])
    let result = try model.varianceRatios(["g/(g + Residual)"], intervals: .profile)[0]
    let limits = try #require(result.interval, "\(result.message ?? "")")
    #expect(result.estimate == 0 && limits.low == 0 && limits.high > 0.01 && limits.high < 0.5)
    #expect(result.standardError == nil)
  }

  @Test func `what is known has no profile`() throws {
    var options = FitOptions()
    options.knownSigma = 50
    let model = try FittedModel(
      Formula("Yield ~ 1 + (1 | Batch)"), data: [DataSource.file(Files.data("dyestuff.csv"))],
      options: options)
    #expect(throws: InferenceError.self) {
      try model.varianceRatios(["Batch/(Batch + Residual)"], intervals: .profile)
    }
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
