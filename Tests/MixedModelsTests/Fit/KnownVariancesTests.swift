// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Henderson's equations at variances that are known.
@Suite struct `Known variances` {
  /// Mrode (2014), Linear Models for the Prediction of Animal Breeding Values, example 3.1: weight gain
  /// before weaning of five calves, σ²_e / σ²_a = 2.
  private func mrode(_ change: (inout FitOptions) -> Void = { _ in }) throws -> FittedModel {
    let pedigree = try Pedigree([
      ("4", "1", nil), ("5", "3", "2"), ("6", "1", "2"), ("7", "4", "5"), ("8", "3", "6"),
    ])
    var options = FitOptions()
    options.relationships["calf"] = pedigree.relationship
    options.knownTheta = [1 / (2.0).squareRoot()]
    options.wantsConditionalModes = true
    options.levels["sex"] = ["male", "female"]
    change(&options)
    let data = try ColumnTable([
      "gain": .numbers([4.5, 2.9, 3.9, 3.5, 5]),
      "sex": .labels(["male", "female", "female", "male", "male"]),
      "calf": .labels(["4", "5", "6", "7", "8"]),
    ])
    return try FittedModel(Formula("gain ~ 0 + sex + (1 | calf)"), data: [data], options: options)
  }

  @Test func `breeding values are Mrode's`() throws {
    let fit = try mrode().tested()
    let sexes = fit.fixedEffects.map { $0.estimate! }
    #expect(abs(sexes[0] - 4.3585) < 5e-5 && abs(sexes[1] - 3.4044) < 5e-5)
    let modes = try #require(fit.conditionalModes?.first)
    let values = Dictionary(uniqueKeysWithValues: zip(modes.levels, modes.values))
    let published = [
      "1": 0.0984, "2": -0.0188, "3": -0.0411, "4": -0.0087, "5": -0.1857, "6": 0.1769,
      "7": -0.2495, "8": 0.1826,
    ]
    for (calf, value) in published { #expect(abs(values[calf]! - value) < 5.1e-5, "\(calf)") }
    #expect(fit.convergence.converged)
    #expect(fit.convergence.evaluations == 1)
    #expect(fit.degreesOfFreedomMethod == DegreesOfFreedomMethod.none)
    // Two coefficients and σ.
    #expect(fit.parameterCount == 3)
  }

  /// With σ²_e = 40 as well, the standard errors are those of the equations' inverse.
  @Test func `a known σ is taken as it is`() throws {
    let free = try mrode().fit
    let known = try mrode { $0.knownSigma = (40.0).squareRoot() }.fit
    #expect(known.sigma == (40.0).squareRoot())
    #expect(known.parameterCount == 2)
    for (a, b) in zip(free.fixedEffects, known.fixedEffects) {
      #expect(abs(a.estimate! - b.estimate!) < 1e-12)
      #expect(abs(a.standardError! / free.sigma * known.sigma - b.standardError!) < 1e-9)
    }
  }

  /// At the optimum's own θ all is as in the fit; the criterion at any other is that of the function.
  @Test(arguments: [CriterionKind.reml, .ml])
  func `the estimates at θ̂ are those of the fit`(kind: CriterionKind) throws {
    let formula = try Formula("Reaction ~ Days + (Days | Subject)")
    let data = DataSource.file(Files.data("sleepstudy.csv"))
    var options = FitOptions()
    options.criterion = kind
    let fit = try Fit(formula, data: [data], options: options)
    options.knownTheta = fit.theta.values
    let known = try Fit(formula, data: [data], options: options)
    #expect(abs(known.criterion - fit.criterion) < 1e-9)
    #expect(abs(known.sigma - fit.sigma) < 1e-9 * fit.sigma)
    options.knownSigma = fit.sigma
    let both = try Fit(formula, data: [data], options: options)
    // The profiled criterion is the unprofiled one at σ̂.
    #expect(abs(both.criterion - fit.criterion) < 1e-9)
    for (a, b) in zip(fit.fixedEffects, both.fixedEffects) {
      #expect(abs(a.estimate! - b.estimate!) < 1e-6)
      #expect(abs(a.standardError! - b.standardError!) < 1e-6)
    }
  }

  /// Animals 1 and 3 have no records, and are no new levels. Expected: b of the solution above, and
  /// k'Ck σ²_e with C the inverse of Henderson's equations (NumPy).
  @Test func `relatives without records are predicted`() throws {
    let model = try mrode { $0.knownSigma = (40.0).squareRoot() }
    var options = PredictionOptions()
    options.wantsStandardErrors = true
    let rows = try ColumnTable([
      "sex": .labels(["male", "female", "male", "female", "male"]),
      "calf": .labels(["1", "2", "3", "3", "4"]),
    ])
    func predicted(_ rows: ColumnTable) throws -> (fitted: [Double], errors: [Double]) {
      var (fitted, errors) = ([Double](), [Double]())
      let predictor = try LinearPredictor(model)
      try predictor.predict([rows], options: options) { part in
        fitted += part.fitted
        errors += part.relativeVariance.map { ($0 * 40).squareRoot() }
      }
      return (fitted, errors)
    }
    let known = try predicted(rows)
    let expected = [
      (4.456946905558834, 5.434763490440077), (3.385659906805802, 5.6993083705025525),
      (4.317418126927871, 5.6243687343125925), (3.363345802979589, 6.434222996550384),
      (4.349839207193014, 4.445789650068186),
    ]
    for (k, (value, error)) in expected.enumerated() {
      #expect(abs(known.fitted[k] - value) < 1e-9 && abs(known.errors[k] - error) < 1e-9)
    }
    let stranger = try ColumnTable(["sex": .labels(["female"]), "calf": .labels(["9"])])
    #expect(throws: DataError.self) { try predicted(stranger) }
    options.allowsNewLevels = true
    let new = try predicted(stranger)
    #expect(abs(new.fitted[0] - 3.404430005906674) < 1e-9)
    #expect(abs(new.errors[0] - 7.217918407070571) < 1e-9)
  }

  /// Mrode (2014), example 3.1: reliabilities 0.058, 0.016, 0.087, 0.145, 0.144, 0.115, 0.116, 0.155,
  /// here from the inverse of Henderson's equations (NumPy).
  @Test func `reliabilities are Mrode's`() throws {
    let model = try mrode { $0.knownSigma = (40.0).squareRoot() }
    let reliabilities = try #require(try model.reliabilities()[0])
    let expected = [
      "1": 0.05781158, "2": 0.01580856, "3": 0.08708243, "4": 0.14463969, "5": 0.14378651,
      "6": 0.11543447, "7": 0.11628766, "8": 0.15527171,
    ]
    let levels = try #require(model.fit.conditionalModes?.first).levels
    for (k, level) in levels.enumerated() {
      let value = try #require(reliabilities.reliability(level: k, column: 0))
      #expect(abs(value - expected[level]!) < 1e-8, "\(level)")
      #expect(abs(reliabilities.accuracy(level: k, column: 0)! - value.squareRoot()) < 1e-15)
    }
  }

  /// Selfed offspring of 8 has F = ½, and only its parent is known: its value is that of 8 but for
  /// what Mendelian sampling adds, so that its reliability is that of 8 by 1/(1 + F) = ⅔.
  @Test func `an inbred animal's reliability is relative to its own variance`() throws {
    let model = try mrode {
      $0.relationships["calf"] = try! Pedigree([
        ("4", "1", nil), ("5", "3", "2"), ("6", "1", "2"), ("7", "4", "5"), ("8", "3", "6"),
        ("9", "8", "8"),
      ]).relationship
    }
    let reliabilities = try #require(try model.reliabilities()[0])
    let levels = try #require(model.fit.conditionalModes?.first).levels
    func value(_ level: String) -> Double {
      reliabilities.reliability(level: levels.firstIndex(of: level)!, column: 0)!
    }
    #expect(abs(value("8") - 0.15527171) < 1e-8)
    #expect(abs(value("9") - value("8") / 1.5) < 1e-12)
  }

  @Test func `independent levels have no reliabilities`() throws {
    let formula = try Formula("Reaction ~ Days + (Days | Subject)")
    let model = try FittedModel(formula, data: [DataSource.file(Files.data("sleepstudy.csv"))])
    #expect(try model.reliabilities().map { $0 == nil } == [true])
  }

  @Test func `what searches for variances says that they are known`() throws {
    let model = try mrode()
    #expect(throws: InferenceError.self) { try model.profile() }
    #expect(throws: InferenceError.self) { try model.randomTermDeletions() }
  }

  @Test func `a saved fit knows its variances again`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("mrode.lmm")
    let model = try mrode { $0.knownSigma = 6 }
    try model.save(to: path)
    let again = try FittedModel(contentsOf: path)
    #expect(again.fit.criterion == model.fit.criterion)
    #expect(again.fit.parameterCount == 2)
    #expect(throws: InferenceError.self) { try again.profile() }
  }

  @Test func `numbers of values that do not fit are refused`() throws {
    let error = try #require(
      #expect(throws: FitError.self) { try mrode { $0.knownTheta = [1, 2] } })
    #expect("\(error)".contains("calf.(Intercept)"))
  }
}
