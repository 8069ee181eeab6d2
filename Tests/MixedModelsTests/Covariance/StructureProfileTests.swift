// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Profiles of parameters of covariance structures.
@Suite struct `Profiles of covariance structures` {
  private func intervals(_ formula: String, _ file: String, _ names: [String]) throws
    -> [ConfidenceInterval]
  {
    var options = FitOptions()
    options.criterion = .ml
    let model = try FittedModel(
      Formula(formula), data: [.file(Files.data(file))], options: options)
    var profile = ProfileOptions()
    profile.parameters = names
    profile.pointsPerSide = 1
    return try model.profile(profile).curves.map(\.interval)
  }

  /// Where the structure is unstructured its profiles are those of the unstructured term.
  @Test func `two columns have the profiles of an unstructured term`() throws {
    let names = ["sd_Days|Subject", "cor_Days.(Intercept)|Subject"]
    let own = try intervals("Reaction ~ Days + cs(Days | Subject)", "sleepstudy.csv", names)
    let plain = try intervals("Reaction ~ Days + (Days | Subject)", "sleepstudy.csv", names)
    for (a, b) in zip(own, plain) {
      #expect(abs(a.lower! - b.lower!) < 1e-3 * max(1, abs(b.lower!)))
      #expect(abs(a.upper! - b.upper!) < 1e-3 * max(1, abs(b.upper!)))
    }
  }

  /// One variance for all cells is that of nesting.
  @Test func `one standard deviation has the profile of a nested effect`() throws {
    let own = try intervals(
      "score ~ Machine + homdiag(0 + Machine | Worker)", "machines.csv", ["sd_MachineA|Worker"])
    let plain = try intervals(
      "score ~ Machine + (1 | Worker:Machine)", "machines.csv", ["sd_(Intercept)|Worker:Machine"])
    #expect(abs(own[0].lower! / plain[0].lower! - 1) < 1e-4)
    #expect(abs(own[0].upper! / plain[0].upper! - 1) < 1e-4)
  }

  /// The deviance with the limit held is that of the χ² quantile above the least one.
  @Test func `limits are where the deviance has risen`() throws {
    let (formula, name) = ("Reaction ~ Days + ar1(0 + factor(Days) | Subject)", "factor(Days)")
    let correlation = "cor_\(name)1.\(name)0|Subject"
    let interval = try intervals(formula, "sleepstudy.csv", [correlation])[0]
    var options = FitOptions()
    options.criterion = .ml
    func deviance(_ held: Double?) throws -> Double {
      options.held = held.map { [HeldParameter("rho|Subject", $0)] } ?? []
      return try Fit(
        Formula(formula), data: [.file(Files.data("sleepstudy.csv"))], options: options
      ).criterion
    }
    let least = try deviance(nil)
    for limit in [interval.lower, interval.upper] {
      #expect(abs(try deviance(#require(limit)) - least - 3.841458820694124) < 1e-3)
    }
    let far = try intervals(formula, "sleepstudy.csv", ["cor_\(name)2.\(name)0|Subject"])[0]
    #expect(far.lower == nil && far.message?.contains("several parameters") == true)
  }
}
