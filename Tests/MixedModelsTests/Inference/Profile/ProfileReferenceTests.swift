// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Profile intervals agree with other programs'.
@Suite struct `Profiles agree with the references` {
  @Test func `there are references`() { #expect(ReferenceProfile.all.count == 11) }

  /// Those made by root finding to five digits of the width, lme4's to three.
  @Test(arguments: ReferenceProfile.all.map(\.id))
  func `the limits`(id: String) throws {
    let reference = ReferenceProfile.all.first { $0.id == id }!.profile
    let fitted = try ReferenceFit.named(id).fittedModel()
    let profile = try fitted.profile()
    #expect(abs(profile.deviance - reference.ml_criterion) < 1e-6)
    #expect(profile.isRefitted)
    #expect(profile.messages.isEmpty)
    #expect(profile.intervals.map(\.parameter.name) == reference.exact.map(\.par))
    for (k, (interval, exact)) in zip(profile.intervals, reference.exact).enumerated() {
      #expect(interval.message == nil)
      let lower = try #require(interval.lower)
      let upper = try #require(interval.upper)
      let width = exact.upper - exact.lower
      #expect(abs(lower - exact.lower) < 1e-5 * width, "\(exact.par): \(lower), \(exact.lower)")
      #expect(abs(upper - exact.upper) < 1e-5 * width, "\(exact.par): \(upper), \(exact.upper)")
      #expect(interval.lowerAtBound == exact.lower_at_bound, "\(exact.par)")
      #expect(interval.upperAtBound == exact.upper_at_bound, "\(exact.par)")
      if let limit = reference.lme4.lower[k] { #expect(abs(lower - limit) < 1e-3 * width) }
      if let limit = reference.lme4.upper[k] { #expect(abs(upper - limit) < 1e-3 * width) }
    }
  }

  /// Two crossed factors with a 2 × 2 covariance each, and a 3 × 3 one, to 10⁻³ of the width.
  @Test(arguments: VectorValued.all)
  func `covariances of several effects`(expected: VectorValued) throws {
    var options = FitOptions()
    options.criterion = .ml
    options.reading.categoricalColumns = expected.factors
    let fitted = try FittedModel(
      Formula(expected.formula), data: [.file(Files.data(expected.data))], options: options)
    let intervals = try fitted.profile().intervals
    #expect(intervals.map(\.parameter.name) == expected.limits.map(\.name))
    for (interval, limits) in zip(intervals, expected.limits) {
      let width = limits.high - limits.low
      let lower = try #require(interval.lower, "\(interval.message ?? "")")
      let upper = try #require(interval.upper, "\(interval.message ?? "")")
      #expect(abs(lower - limits.low) < 1e-3 * width, "\(limits.name): \(lower), \(limits.low)")
      #expect(abs(upper - limits.high) < 1e-3 * width, "\(limits.name): \(upper), \(limits.high)")
    }
  }
}
