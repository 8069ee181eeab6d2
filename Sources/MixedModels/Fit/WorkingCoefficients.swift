// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// β and Cov(β) in working coordinates, where X is orthonormal.
package struct WorkingCoefficients: Sendable {
  /// In units of the response; R⁻¹β are the reported coefficients of the kept columns.
  package let β: [Double]
  /// Φ = [K⁻¹]_xx, p × p: Cov(β) / σ².
  package let Φ: DenseMatrix
  /// σ².
  package let variance: Double

  /// σ²Φ.
  package var covariance: DenseMatrix { variance * Φ }

  package init(β: [Double], Φ: DenseMatrix, variance: Double) {
    (self.β, self.Φ, self.variance) = (β, Φ, variance)
  }
}
