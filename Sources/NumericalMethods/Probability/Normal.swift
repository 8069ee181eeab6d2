// SPDX-License-Identifier: GPL-2.0-or-later
import CRmath

/// The standard normal distribution, as R computes it (`pnorm`, `qnorm`).
package enum Normal {
  /// P(X ≤ x) or P(X > x), or its logarithm; NaN for NaN.
  package static func cumulative(
    _ x: Double, tail: Tail = .lower, logarithm: Bool = false
  ) -> Double {
    pnorm5(x, 0, 1, tail.flag, logarithm ? 1 : 0)
  }

  /// The x whose `cumulative` is `probability`; NaN unless that is in 0...1, ±∞ at its ends.
  package static func quantile(_ probability: Double, tail: Tail = .lower) -> Double {
    qnorm5(probability, 0, 1, tail.flag, 0)
  }

  /// The density at x.
  package static func density(_ x: Double) -> Double { dnorm4(x, 0, 1, 0) }
}
