// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension CriterionDerivatives {
  /// What first derivatives know of the Hessian in φ: its expectation with the levels of a group taken for
  /// independent and alike, and exactly what is added by Σ = TTᵀ and by the profiled σ.
  ///
  /// It may have negative eigenvalues.
  func approximateHessian(_ covariance: RelativeCovariance, levels: [Int]) -> DenseMatrix {
    var H = covariance.expectedHessian(φ, slopes, levels: levels)
    covariance.addCurvatureOfSquare(φ, slopes, residualWeight: residualWeight, to: &H)
    guard df.isFinite else { return H }
    let r = CriterionCurvature.residualSlope(self, covariance)
    let factor = residualWeight * residualWeight / df
    for j in r.indices { for i in r.indices { H[i, j] -= factor * r[i] * r[j] } }
    return H
  }
}
