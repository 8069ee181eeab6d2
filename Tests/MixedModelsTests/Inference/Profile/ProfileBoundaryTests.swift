// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Intervals that reach the edge of the parameter space, and singular fits.
@Suite struct `Profiles at the boundary` {
  /// The estimate is at the edge, so the interval begins there.
  @Test func `a variance estimated as zero`() throws {
    let profile = try ReferenceFit.named("dyestuff2-reml").fittedModel().profile()
    let deviation = profile.intervals[0]
    #expect(deviation.estimate == 0)
    #expect(deviation.lower == 0 && deviation.lowerAtBound)
    #expect(!deviation.upperAtBound)
    #expect(profile.intervals.allSatisfy { $0.message == nil })
    for (interval, limits) in zip(profile.intervals, LimitsByLme4.dyestuff2) {
      #expect(abs(interval.lower! - limits.low) < 1e-4 * (limits.high - limits.low))
      #expect(abs(interval.upper! - limits.high) < 1e-4 * (limits.high - limits.low))
    }
  }

  /// A correlation of −1: the interval ends there, and everything else has its limits.
  @Test func `a singular covariance`() throws {
    let profile = try ReferenceFit.named("scotssec-slopes-ml").fittedModel().profile()
    for interval in profile.intervals {
      #expect(interval.message == nil, "\(interval.parameter.name): \(interval.message ?? "")")
      #expect(interval.lower! <= interval.estimate! && interval.estimate! <= interval.upper!)
    }
    let correlation = profile.intervals[1]
    #expect(correlation.lowerAtBound || correlation.upperAtBound)
  }

  /// Two effects of which one has no variance have no correlation; it is named, and the rest is there.
  @Test func `a correlation that is not defined`() throws {
    var text = "y,x,g\n"
    var random = SplitMix64(seed: 5)
    for k in 0..<200 {
      // Slopes differ less than by chance.
      let x = Double(k % 10) - 4.5
      text += "\(x + 0.3 * Double(k / 10 % 4) + random.normal()),\(x),\(k / 10)\n"
    }
    let fitted = try FittedModel(
      Formula("y ~ x + (x | g)"), data: [.bytes(Array(text.utf8), name: "flat.csv")])
    let profile = try fitted.profile()
    for interval in profile.intervals where interval.estimate == nil {
      #expect(interval.lower == nil && interval.upper == nil)
      #expect(interval.message!.contains("not defined"))
    }
    for interval in profile.intervals where interval.estimate != nil {
      #expect(interval.lower != nil && interval.upper != nil, "\(interval.message ?? "")")
    }
  }

  /// Where the slopes' variance may well be zero, their correlation may be anything.
  @Test func `a correlation of a variance that may be zero`() throws {
    let fitted = try ReferenceFit.named("mathscr-slope-reml").fittedModel()
    let intervals = try fitted.profile().intervals
    let slope = try #require(intervals.first { $0.parameter.name == "sd_physcr|school" })
    let correlation = try #require(intervals.first { $0.parameter.kind == .correlation })
    #expect(slope.lowerAtBound == (correlation.lowerAtBound && correlation.upperAtBound))
  }
}
