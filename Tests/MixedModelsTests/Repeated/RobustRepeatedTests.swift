// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Covariances of the coefficients that are robust against a wrong Σ, against mmrm 0.3.18:
///
///     mmrm(change ~ baseline + arm * week + us(week | patient), d, method = "Satterthwaite", vcov = V)
///
/// with V = "Empirical" (CR0), "Empirical-Bias-Reduced" (CR2) and "Empirical-Jackknife" (CR3), and nlminb's
/// rel.tol = 1e-14.
@Suite struct `Robust covariances of repeated measures` {
  struct Expected: Sendable {
    let term: String
    let kind: CoefficientCovariance
    /// Standard errors and degrees of freedom of baseline, week12 and armplacebo:week12.
    let errors: [Double]
    let df: [Double]
  }

  static let expected: [Expected] = [
    Expected(
      term: "us(week | patient)", kind: .cr0, errors: [0.0724165552673, 1.7343474370613, 2.3458371290546],
      df: [26.3951502299, 36.8543961159, 72.5230044265]),
    Expected(
      term: "us(week | patient)", kind: .cr2, errors: [0.074745183861, 1.760322234331, 2.383766064178],
      df: [25.3585153718, 36.8045248844, 72.3845714924]),
    Expected(
      term: "us(week | patient)", kind: .cr3, errors: [0.0771700762032, 1.7867216646045, 2.4223796974854],
      df: [24.3384006404, 36.7544470177, 72.2453479922]),
    Expected(
      term: "ar1h(week | arm/patient)", kind: .cr0,
      errors: [0.068576892914, 1.782828636023, 2.362087197136],
      df: [26.8629229661, 33.6639123862, 66.1746883743]),
    Expected(
      term: "ar1h(week | arm/patient)", kind: .cr2,
      errors: [0.0706250025475, 1.8110971083279, 2.4020153588874],
      df: [25.8706980360, 33.6147211334, 66.0629161276]),
    Expected(
      term: "ar1h(week | arm/patient)", kind: .cr3,
      errors: [0.0727496785676, 1.8398519884970, 2.4426857277554],
      df: [24.8953923258, 33.5657078743, 65.9516371558]),
  ]

  private static let path = Files.data("trial.csv")

  private static func options(
    _ term: String, _ kind: CoefficientCovariance?, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FitOptions {
    var options = FitOptions()
    options.residual = try ResidualTerm(term)
    options.reading.categoricalColumns = ["week"]
    options.coefficientCovariance = kind
    change(&options)
    return options
  }

  private func fitted(
    _ term: String, _ kind: CoefficientCovariance?, _ path: String = Self.path,
    _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    try FittedModel(
      Formula("change ~ baseline + arm * week"), data: [.file(path)],
      options: Self.options(term, kind, change))
  }

  @Test(arguments: expected)
  func `they are mmrm's`(expected: Expected) throws {
    let fit = try fitted(expected.term, expected.kind).tested()
    for (k, name) in ["baseline", "week12", "armplacebo:week12"].enumerated() {
      let effect = try #require(fit.fixedEffects.first { $0.name == name })
      let error = try #require(effect.standardError)
      #expect(abs(error - expected.errors[k]) < 5e-7 * expected.errors[k])
      let df = try #require(effect.degreesOfFreedom)
      #expect(abs(df - expected.df[k]) < 2e-6 * expected.df[k])
    }
    #expect(fit.robustCovariance?.clusters == "patient" && fit.robustCovariance?.clusterCount == 90)
  }

  @Test func `the order of the rows does not matter`() throws {
    let folder = try TemporaryFolder()
    let lines = try String(contentsOfFile: Self.path, encoding: .utf8).split(separator: "\n")
    // Week by week, and patients backwards: no two rows of a patient follow each other.
    let rows = lines.dropFirst().reversed().sorted {
      $0.split(separator: ",", omittingEmptySubsequences: false)[4]
        < $1.split(separator: ",", omittingEmptySubsequences: false)[4]
    }
    try folder.write(([lines[0]] + rows).joined(separator: "\n") + "\n", to: "turned.csv")
    let path = folder.file("turned.csv")
    let (a, b) = (
      try fitted("us(week | patient)", .cr2).tested(), try fitted("us(week | patient)", .cr2, path).tested()
    )
    for (x, y) in zip(a.vcov.joined(), b.vcov.joined()) { #expect(abs(x - y) < 1e-9 * abs(x)) }
  }

  @Test func `a saved fit reads its rows again, and no others`() throws {
    let folder = try TemporaryFolder()
    let text = try String(contentsOfFile: Self.path, encoding: .utf8)
    try folder.write(text, to: "rows.csv")
    let rows = folder.file("rows.csv")
    let model = folder.file("fit.lmm")
    let fit = try Fit(
      Formula("change ~ baseline + arm * week"), data: [.file(rows)],
      options: Self.options("us(week | patient)", nil), savingTo: model)
    var options = FitOptions()
    options.coefficientCovariance = .cr0
    let robust = try FittedModel(contentsOf: model, options: options).tested()
    #expect(robust.criterion == fit.criterion)
    let direct = try fitted("us(week | patient)", .cr0).tested()
    for (x, y) in zip(robust.vcov.joined(), direct.vcov.joined()) { #expect(abs(x - y) < 1e-9 * abs(y)) }
    try folder.write(text.replacing("P01,active,B,41.8,2,-8.5", with: "P01,active,B,41.8,2,8.5"), to: "rows.csv")
    let error = #expect(throws: InferenceError.self) {
      try FittedModel(contentsOf: model, options: options).tested()
    }
    #expect("\(error!)".contains("leave other residuals"))
  }

  @Test func `clusters are the subjects`() throws {
    let named = try fitted("us(week | patient)", .cr2) { $0.clusters = "patient" }.tested()
    #expect(named.vcov == (try fitted("us(week | patient)", .cr2).tested().vcov))
    let other = #expect(throws: InferenceError.self) {
      try fitted("us(week | patient)", .cr2) { $0.clusters = "site" }
    }
    #expect("\(other!)".contains("the clusters are its subjects (patient), not site"))
    let rows = #expect(throws: InferenceError.self) { try fitted("us(week | patient)", .hc3) }
    #expect("\(rows!)".contains("HC3 is for rows that are independent"))
  }
}
