// SPDX-License-Identifier: GPL-2.0-or-later
import CRmath

/// Student's t distribution, as R computes it (`pt`, `qt`).
package struct StudentT: Sendable {
  /// ν > 0, infinite for the normal distribution; otherwise every result is NaN.
  package let degreesOfFreedom: Double

  package init(degreesOfFreedom: Double) { self.degreesOfFreedom = degreesOfFreedom }

  /// P(X ≤ x) or P(X > x), or its logarithm; NaN for NaN.
  package func cumulative(
    _ x: Double, tail: Tail = .lower, logarithm: Bool = false
  ) -> Double {
    guard degreesOfFreedom > 0 else { return .nan }
    return pt(x, degreesOfFreedom, tail.flag, logarithm ? 1 : 0)
  }

  /// P(|X| > |x|), the p-value of a two-sided test.
  package func twoSided(_ x: Double) -> Double { 2 * cumulative(abs(x), tail: .upper) }

  /// The x whose `cumulative` is `probability`; NaN unless that is in 0...1, ±∞ at its ends.
  package func quantile(_ probability: Double, tail: Tail = .lower) -> Double {
    guard degreesOfFreedom > 0 else { return .nan }
    return qt(probability, degreesOfFreedom, tail.flag, 0)
  }
}
