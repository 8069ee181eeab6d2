// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Where the criterion of a `RepeatedModel` is least, and what the equations give there.
package struct RepeatedOptimum: Sendable {
  let solution: RepeatedCriterion.Solution
  let gradient: [Double]
  /// Of the criterion, exact.
  let hessian: DenseMatrix
  /// XᵀV̇⁻¹X of every parameter, p × p in working columns.
  let informationSlopes: [DenseMatrix]
  let converged: Bool
  let messages: [String]
  /// θ, criterion, seconds since the start.
  let trace: [TracePoint]
  let gradients: Int
  /// Median seconds of an evaluation.
  let evaluationSeconds: Double
  let began: Double
  let found: Double
}

extension RepeatedOptimum {
  /// Twice the inverse Hessian: the asymptotic covariance of the parameters.
  var parameterCovariance: DenseMatrix { 2 * hessian.pseudoInverse(cut: 1e-10) }

  /// The largest |g_k| / √H_kk, so that half its square is what the criterion could fall along one.
  var largestGradient: Double {
    zip(gradient, hessian.diagonal).reduce(0) {
      max($0, abs($1.0) / max($1.1, .leastNormalMagnitude).squareRoot())
    }
  }

  /// Of the Hessian scaled to a unit diagonal.
  var leastEigenvalue: Double { symmetricEigenvalues(hessian.scaledToUnitDiagonal).first ?? 1 }
}

extension DenseMatrix {
  fileprivate var scaledToUnitDiagonal: DenseMatrix {
    let sizes = diagonal.map { max($0, .leastNormalMagnitude).squareRoot() }
    var scaled = self
    for j in 0..<columns { for i in 0..<rows { scaled[i, j] /= sizes[i] * sizes[j] } }
    return scaled
  }
}
