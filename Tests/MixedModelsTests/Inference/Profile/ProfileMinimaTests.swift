// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Profiles are the least deviance over all that is left free, also where that is a model in which an
/// effect has no variance.
///
/// Limits and rises by minimization of a dense likelihood from 14 starts (numpy 2.4, scipy 1.17:
/// Nelder–Mead to 1e-11 in the deviance, brentq).
@Suite struct `Profiles where the deviance has several minima` {
  private func children(only sex: String? = nil) throws -> DataSource {
    let lines = try String(contentsOfFile: Files.data("orthodont.csv"), encoding: .utf8)
      .split(separator: "\n")
    let kept = lines.enumerated().filter { $0 == 0 || sex == nil || $1.contains(sex!) }
    return .bytes(Array(kept.map(\.1).joined(separator: "\n").utf8 + [10]), name: "orthodont.csv")
  }

  private func profile(
    _ formula: String, _ data: any TableSource, level: Double = 0.95
  ) throws -> [String: ConfidenceInterval] {
    var options = ProfileOptions()
    options.level = level
    let intervals = try FittedModel(Formula(formula), data: [data]).profile(options).intervals
    return Dictionary(uniqueKeysWithValues: intervals.map { ($0.parameter.name, $0) })
  }

  /// Without slopes' variance the girls' deviance is 3.52113 above the least, and the correlation may
  /// be anything: it cannot rise to 3.841.
  @Test func `a correlation has no limit where a variance may vanish`() throws {
    let limits = try profile("distance ~ age + (age | Subject)", children(only: "Female"))
    let correlation = try #require(limits["cor_age.(Intercept)|Subject"])
    #expect(correlation.lower == -1 && correlation.lowerAtBound)
    #expect(correlation.upper == 1 && correlation.upperAtBound)
    let others: [(String, Double, Double)] = [
      ("sd_(Intercept)|Subject", 0.0726315, 3.5391934), ("sd_age|Subject", 0, 0.306551),
      ("sigma", 0.5106455, 0.9229469), ("(Intercept)", 15.8177343, 18.9277202),
    ]
    for (name, low, high) in others {
      let interval = try #require(limits[name])
      #expect(abs(interval.lower! - low) < 2e-6, "\(name)")
      #expect(abs(interval.upper! - high) < 2e-6, "\(name)")
    }
  }

  /// At 90 % the rise wanted is 2.7055, which is less than that.
  @Test func `a correlation has its limit where that lies before the variance vanishes`() throws {
    let limits = try profile(
      "distance ~ age + (age | Subject)", children(only: "Female"), level: 0.9)
    let correlation = try #require(limits["cor_age.(Intercept)|Subject"])
    #expect(abs(correlation.lower! + 0.8008924) < 2e-5)
    #expect(correlation.upper == 1)
  }

  /// Here it is the intercepts' variance, 2.24274 above the least.
  @Test func `a correlation has no limit where the first variance may vanish`() throws {
    let limits = try profile("distance ~ age + (age | Subject)", children())
    let correlation = try #require(limits["cor_age.(Intercept)|Subject"])
    #expect(correlation.lower == -1 && correlation.upper == 1)
  }

  /// Three effects: D(ρ) is at most the deviance of the models without one of the two.
  @Test(arguments: [1, 2, 3, 4]) func `no correlation costs more than an effect`(
    seed: UInt64
  ) throws {
    let table = SimulatedTable(rows: 60, seed: seed)
    var options = FitOptions()
    options.criterion = .ml
    let fitted = try FittedModel(
      Formula("y ~ x + (x + w | g)"), data: [table.source()], options: options)
    func deviance(_ term: String) throws -> Double {
      try Fit(Formula("y ~ x + \(term)"), data: [table.source()], options: options).criterion
    }
    let without = [
      "(Intercept)": try deviance("(0 + x + w | g)"), "x": try deviance("(w | g)"),
      "w": try deviance("(x | g)"),
    ]
    var wanted = ProfileOptions()
    wanted.pointsPerSide = 4
    let profile = try fitted.profile(wanted)
    for curve in profile.curves where curve.parameter.kind == .correlation {
      let effects = without.filter { effect, _ in
        curve.parameter.name.dropFirst(4).prefix { $0 != "|" }
          .split(separator: ".").contains { $0 == effect }
      }
      #expect(effects.count == 2 || curve.interval.estimate == nil)
      let most = effects.values.min() ?? .infinity
      withKnownIssue("points between the limits may be of another minimum", isIntermittent: true) {
        for point in curve.points { #expect(point.deviance < most + 1e-5) }
      } when: {
        seed == 2
      }
      if most - profile.deviance < 3.84 {
        #expect(curve.interval.lower == -1 && curve.interval.upper == 1)
      }
    }
  }
}
