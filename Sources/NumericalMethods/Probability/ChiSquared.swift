// SPDX-License-Identifier: GPL-2.0-or-later
import CRmath

/// The χ² distribution, as R computes it (`pchisq`, `qchisq`).
package struct ChiSquared: Sendable {
  /// ν ≥ 0, all mass being at zero if it is 0; otherwise every result is NaN.
  package let degreesOfFreedom: Double

  package init(degreesOfFreedom: Double) { self.degreesOfFreedom = degreesOfFreedom }

  /// P(X ≤ x) or P(X > x), or its logarithm; NaN for NaN.
  package func cumulative(
    _ x: Double, tail: Tail = .lower, logarithm: Bool = false
  ) -> Double {
    guard degreesOfFreedom >= 0 else { return .nan }
    return pchisq(x, degreesOfFreedom, tail.flag, logarithm ? 1 : 0)
  }

  /// The x whose `cumulative` is `probability`; NaN unless that is in 0...1.
  package func quantile(_ probability: Double, tail: Tail = .lower) -> Double {
    guard degreesOfFreedom >= 0 else { return .nan }
    return qchisq(probability, degreesOfFreedom, tail.flag, 0)
  }
}
