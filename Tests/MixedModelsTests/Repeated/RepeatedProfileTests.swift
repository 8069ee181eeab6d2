// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

/// Profiles of models with covariances between visits: of coefficients, standard deviations and correlations.
@Suite struct `Profiles of repeated measures` {
  private func options(_ term: String, offset: String? = nil) throws -> FitOptions {
    var options = FitOptions()
    options.residual = try ResidualTerm(term)
    (options.criterion, options.offset, options.threads) = (.ml, offset, 1)
    return options
  }

  private func intervals(_ term: String, _ names: [String] = []) throws -> (FittedModel, Profile) {
    let fitted = try FittedModel(
      Formula("change ~ baseline + arm"), data: [.file(Files.data("trial.csv"))], options: options(term))
    var wanted = ProfileOptions()
    wanted.parameters = names
    return (fitted, try fitted.profile(wanted))
  }

  /// With a coefficient's share as an offset, at a limit, the deviance is greater by the quantile of χ².
  @Test(arguments: ["us(week | patient)", "ar1h(week | arm/patient)"])
  func `limits of a coefficient are where an offset takes them`(term: String) throws {
    let (fitted, profile) = try intervals(term, ["baseline"])
    let interval = try #require(profile.intervals.first)
    let text = try String(contentsOfFile: Files.data("trial.csv"), encoding: .utf8).split(separator: "\n")
    for limit in [interval.lower!, interval.upper!] {
      let rows = text.dropFirst().map { line in
        "\(line),\(limit * Double(line.split(separator: ",", omittingEmptySubsequences: false)[3])!)"
      }
      let table = Array(([text[0] + ",share"] + rows).joined(separator: "\n").utf8)
      let held = try Fit(
        Formula("change ~ arm"), data: [.bytes(table, name: "held.csv")], options: options(term, offset: "share"))
      let rise = held.criterion - fitted.fit.criterion
      #expect(abs(rise - ChiSquared(degreesOfFreedom: 1).quantile(0.95)) < 1e-4)
    }
  }

  /// SciPy: the deviance with the parameter at the limit, least over all others, is 3.841459 above the least.
  @Test func `limits of an unstructured matrix are those of its own likelihood`() throws {
    let (_, profile) = try intervals("us(week | patient)")
    let right = [
      "sd_12|Residual": [9.9777799, 14.1244627], "sd_4|Residual": [6.3671634, 8.6808838],
      "cor_12.4|Residual": [0.3591818, 0.7157953],
    ]
    for (name, limits) in right {
      let interval = try #require(profile.intervals.first { $0.parameter.name == name })
      #expect(abs(interval.lower! - limits[0]) < 1e-3 && abs(interval.upper! - limits[1]) < 1e-3)
    }
    #expect(profile.intervals.count == 13 && profile.intervals.allSatisfy { $0.lower! < $0.estimate! && $0.estimate! < $0.upper! })
  }

  /// A standard deviation and a correlation for all have one profile each, however they are called; a power of a
  /// correlation has none of its own.
  @Test func `structures have the profiles of their parameters`() throws {
    let cs = try intervals("cs(week | patient)").1.intervals
    let deviations = cs.filter { $0.parameter.kind == .standardDeviation }
    #expect(deviations.count == 4 && deviations.allSatisfy { abs($0.upper! - deviations[0].upper!) < 1e-9 })
    let correlations = cs.filter { $0.parameter.kind == .correlation }
    #expect(correlations.count == 6 && correlations.allSatisfy { abs($0.lower! - correlations[0].lower!) < 1e-9 })
    let ar1 = try intervals("ar1(week | patient)").1.intervals.filter { $0.parameter.kind == .correlation }
    #expect(ar1.filter { $0.lower != nil }.count == 3)
    #expect(ar1.filter { $0.message?.contains("function of other parameters") == true }.count == 3)
    let decay = try intervals("sp_exp(week | patient)").1.intervals.filter { $0.parameter.kind == .correlation }
    let (near, far) = (decay[0], decay[2])  // two and ten weeks apart
    #expect(abs(pow(near.lower!, 5) - far.lower!) < 1e-4 && abs(pow(near.upper!, 5) - far.upper!) < 1e-4)
  }

  /// By REML the profile is of the likelihood all the same.
  @Test func `a fit by REML is profiled by maximum likelihood`() throws {
    var options = try options("cs(week | patient)")
    options.criterion = .reml
    let fitted = try FittedModel(
      Formula("change ~ baseline + arm"), data: [.file(Files.data("trial.csv"))], options: options)
    var wanted = ProfileOptions()
    wanted.parameters = ["armplacebo"]
    let (own, ml) = (try fitted.profile(wanted), try intervals("cs(week | patient)", ["armplacebo"]).1)
    #expect(own.isRefitted && !ml.isRefitted)
    #expect(abs(own.intervals[0].lower! - ml.intervals[0].lower!) < 1e-6)
  }
}
