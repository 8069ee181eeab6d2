// SPDX-License-Identifier: GPL-2.0-or-later
import CRmath

/// The Poisson distribution, as R computes it (`qpois`).
package struct Poisson: Sendable {
  /// Not negative; otherwise every result is NaN.
  package let mean: Double

  package init(mean: Double) { self.mean = mean }

  /// The least x with P(X ≤ x) ≥ `probability`.
  package func quantile(_ probability: Double) -> Double { qpois(probability, mean, 1, 0) }
}
