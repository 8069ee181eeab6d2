// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// β and Cov(β) in working coordinates, where X is orthonormal.
package struct WorkingCoefficients: Sendable {
  /// In units of the response; R⁻¹β are the reported coefficients of the kept columns.
  package let β: [Double]
  /// Φ = [K⁻¹]_xx, p × p: Cov(β) / σ².
  let Φ: DenseMatrix
  /// σ².
  let variance: Double

  /// σ²Φ.
  var covariance: DenseMatrix { variance * Φ }
}
