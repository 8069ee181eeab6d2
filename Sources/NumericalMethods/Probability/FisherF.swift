// SPDX-License-Identifier: GPL-2.0-or-later
import CRmath

/// The F distribution, as R computes it (`pf`, `qf`).
package struct FisherF: Sendable {
  /// Degrees of freedom of the numerator, > 0 or infinite; otherwise every result is NaN.
  package let numerator: Double
  /// Degrees of freedom of the denominator, likewise.
  package let denominator: Double

  package init(numerator: Double, denominator: Double) {
    self.numerator = numerator
    self.denominator = denominator
  }

  /// P(X ≤ x) or P(X > x), or its logarithm; NaN for NaN.
  package func cumulative(
    _ x: Double, tail: Tail = .lower, logarithm: Bool = false
  ) -> Double {
    guard numerator > 0, denominator > 0 else { return .nan }
    return pf(x, numerator, denominator, tail.flag, logarithm ? 1 : 0)
  }

  /// The x whose `cumulative` is `probability`; NaN unless that is in 0...1.
  package func quantile(_ probability: Double, tail: Tail = .lower) -> Double {
    guard numerator > 0, denominator > 0 else { return .nan }
    return qf(probability, numerator, denominator, tail.flag, 0)
  }
}
