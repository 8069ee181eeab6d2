// SPDX-License-Identifier: GPL-2.0-or-later
import CRmath

/// The gamma distribution with scale 1, as R computes it (`qgamma`).
package struct Gamma: Sendable {
  /// Positive; otherwise every result is NaN.
  package let shape: Double

  package init(shape: Double) { self.shape = shape }

  /// The x with P(X ≤ x) = `probability`.
  package func quantile(_ probability: Double) -> Double { qgamma(probability, shape, 1, 1, 0) }
}
