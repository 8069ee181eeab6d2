// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import NumericalMethods
import Testing

/// What must be true of profiles of any model.
@Suite struct `Profiles of any model` {
  private let table = SimulatedTable()

  private func fitted(
    _ formula: String, _ source: any TableSource, weighted: Bool = false, threads: Int = 0
  ) throws -> FittedModel {
    var options = FitOptions()
    options.criterion = .ml
    options.weights = weighted ? "w" : nil
    options.threads = threads
    return try FittedModel(Formula(formula), data: [source], options: options)
  }

  private func expectSame(
    _ a: ConfidenceInterval, _ b: ConfidenceInterval, scale: Double = 1, shift: Double = 0
  ) throws {
    let (low, high) = (try #require(a.lower), try #require(a.upper))
    let (low2, high2) = (try #require(b.lower), try #require(b.upper))
    let name = a.parameter.name
    #expect(abs((low2 - shift) / scale - low) < 1e-5 * (high - low), "\(name): \(low), \(low2)")
    #expect(abs((high2 - shift) / scale - high) < 1e-5 * (high - low), "\(name): \(high), \(high2)")
    #expect(a.lowerAtBound == b.lowerAtBound && a.upperAtBound == b.upperAtBound)
  }

  /// y ↦ a + c y.
  @Test func `the response in other units`() throws {
    let formula = "y ~ x + f + (x | g) + (1 | h)"
    let base = try fitted(formula, table.source()).profile().intervals
    let moved = try fitted(formula, table.source(y: { 500 + 1e4 * $0 })).profile().intervals
    for (a, b) in zip(base, moved) {
      let isCorrelation = a.parameter.kind == .correlation
      let shift = a.parameter.name == "(Intercept)" ? 500.0 : 0
      try expectSame(a, b, scale: isCorrelation ? 1 : 1e4, shift: shift)
    }
  }

  /// x ↦ 2005 + 8 x: slopes and their standard deviation scale, σ and other groups stay.
  @Test func `a covariate far from zero`() throws {
    let formula = "y ~ x + f + (x | g) + (1 | h)"
    let base = try fitted(formula, table.source()).profile().intervals
    let moved = try fitted(formula, table.source(x: { 2005 + 8 * $0 })).profile().intervals
    for (a, b) in zip(base, moved) {
      switch a.parameter.name {
      case "(Intercept)", "sd_(Intercept)|g", "cor_x.(Intercept)|g": continue
      case "x", "sd_x|g": try expectSame(a, b, scale: 0.125)
      default: try expectSame(a, b)
      }
    }
  }

  @Test func `by a factor of the whole system, too`() throws {
    let formula = "y ~ x + f + (x | g) + (1 | h)"
    let base = try fitted(formula, table.source()).profile().intervals
    var options = FitOptions()
    options.criterion = .ml
    options.solver = "cholmod"
    let whole = try FittedModel(Formula(formula), data: [table.source()], options: options).profile().intervals
    #expect(base.count == whole.count)
    for (a, b) in zip(base, whole) { try expectSame(a, b) }
  }

  static let formulas: [(formula: String, weighted: Bool)] = [
    ("y ~ x + f + (x | g)", true), ("y ~ x + f + (1 + x || g) + (1 | h)", false),
    ("y ~ 0 + x + (1 | g)", false), ("y ~ x + (1 | g) + (0 + x | g)", true),
    ("y ~ x + I(2 * x) + f + (1 | g) + (1 | h)", false), ("y ~ 1 + (1 | h) + (1 | g)", true),
  ]

  /// With x's coefficient c as an offset, the model without x has a deviance χ²₀.₉₅ above the best.
  @Test(arguments: formulas)
  func `a coefficient's limits by another way`(formula: String, weighted: Bool) throws {
    let model = try fitted(formula, table.source(), weighted: weighted)
    var options = ProfileOptions()
    options.parameters = [formula.contains("x") && !formula.contains("~ 1") ? "x" : "(Intercept)"]
    let interval = try #require(try model.profile(options).intervals.first)
    let quantile = ChiSquared(degreesOfFreedom: 1).quantile(0.95)
    for limit in [interval.lower, interval.upper] {
      let c = try #require(limit)
      let rest =
        formula.contains("~ 1")
        ? formula.replacing("~ 1", with: "~ 0")
        : formula.replacing("~ 0 + x", with: "~ 0").replacing("~ x + I(2 * x)", with: "~ 1")
          .replacing("~ x", with: "~ 1")
      let variable = formula.contains("~ 1") ? "\(c) + 0 * x" : "\(c) * x"
      let other = try fitted(
        rest.replacing("~", with: "~ offset(I(\(variable))) +"), table.source(), weighted: weighted)
      let rise = other.fit.criterion - model.fit.criterion
      #expect(abs(rise - quantile) < 1e-4, "\(rise)")
    }
  }

  /// ζ rises along every curve and is the root of the deviance's rise; limits lie where they should.
  @Test(arguments: formulas)
  func `curves`(formula: String, weighted: Bool) throws {
    let model = try fitted(formula, table.source(), weighted: weighted)
    var options = ProfileOptions()
    (options.pointsPerSide, options.level) = (6, 0.9)
    let profile = try model.profile(options)
    #expect(profile.curves.count == model.intervalParameters.count)
    for curve in profile.curves {
      let estimate = try #require(curve.interval.estimate)
      #expect(curve.interval.message == nil, "\(curve.interval.message ?? "")")
      #expect(curve.points.contains { $0.value == estimate && $0.zeta == 0 } || estimate < 1e-6)
      #expect(curve.points.count >= 7)
      for (a, b) in zip(curve.points, curve.points.dropFirst()) {
        #expect(a.value < b.value && a.zeta < b.zeta, "\(curve.parameter.name)")
      }
      for point in curve.points {
        let rise = point.deviance - profile.deviance
        #expect(abs(point.zeta * point.zeta - rise) < 1e-6)
        if let low = curve.interval.lower, let high = curve.interval.upper {
          let margin = 1e-4 * (high - low)
          if point.value > low + margin, point.value < high - margin {
            #expect(abs(point.zeta) < 1.6449)
          }
        }
      }
    }
  }

  @Test func `any number of threads`() throws {
    let formula = "y ~ x + f + (x | g) + (1 | h)"
    let one = try fitted(formula, table.source(), threads: 1).profile()
    let four = try fitted(formula, table.source(), threads: 4).profile()
    for (a, b) in zip(one.intervals, four.intervals) {
      #expect(a.lower == b.lower && a.upper == b.upper, "\(a.parameter.name)")
    }
  }

  @Test func `chosen parameters, and unknown ones`() throws {
    let model = try fitted("y ~ x + (x | g)", table.source())
    var options = ProfileOptions()
    options.parameters = ["theta"]
    #expect(
      try model.profile(options).intervals.map(\.parameter.name) == [
        "sd_(Intercept)|g", "cor_x.(Intercept)|g", "sd_x|g", "sigma",
      ])
    options.parameters = ["x", "sigma"]
    #expect(try model.profile(options).intervals.map(\.parameter.name) == ["sigma", "x"])
    options.parameters = ["sigmo"]
    let error = #expect(throws: InferenceError.self) { try model.profile(options) }
    #expect("\(error!)".contains("Did you mean “sigma”?"))
  }
}
