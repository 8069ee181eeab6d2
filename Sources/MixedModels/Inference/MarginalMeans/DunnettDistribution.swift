// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The largest of `count` absolute t statistics of comparisons with one control, approximately, as emmeans
/// has it (`dunnettx`): a mixture of the studentized range of as many means as have so many pairs and of
/// independent statistics.
struct DunnettDistribution {
  let count: Double
  let degreesOfFreedom: Double

  private var range: StudentizedRange {
    StudentizedRange(
      count: (1 + (1 + 8 * count).squareRoot()) / 2, degreesOfFreedom: degreesOfFreedom)
  }

  /// P(X > x)
  func upperTail(_ x: Double) -> Double {
    let share = (count - 1) / count
    let tukey = range.cumulative(2.0.squareRoot() * x, tail: .upper)
    let single = FisherF(numerator: 1, denominator: degreesOfFreedom).cumulative(x * x, tail: .upper)
    return share * tukey + (1 - share) * MultiplicityAdjustment.sidak(single, count: count)
  }

  /// The x whose upper tail is `probability`, by bisection; NaN where there is none.
  func quantile(upper probability: Double) -> Double {
    var (low, high) = (0.0, 1.0)
    while upperTail(high) > probability {
      guard high < 1e8 else { return .nan }
      high *= 2
    }
    guard upperTail(high).isFinite else { return .nan }
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if upperTail(middle) > probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
