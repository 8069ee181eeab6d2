// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// The asymptotic covariance of the variance parameters (φ, log σ): twice the inverse Hessian of
/// the deviance, or of the REML criterion, that is not profiled over σ.
///
/// With w = df / r² = 1/σ² at the optimum, ṙ = ∂r²/∂φ and H the profiled Hessian,
///
///     H_φφ = H + ṙṙᵀw²/df,   H_φ,log σ = −2 ṙ w,   H_log σ,log σ = 4 df.
package struct ParameterCovariance: Sendable {
  /// (n + 1) × (n + 1), log σ last; zeros for σ where it is known.
  package let matrix: DenseMatrix

  package init(
    _ curvature: CriterionCurvature, _ model: LinearMixedModel, φ: [Double], _ kind: CriterionKind
  ) {
    let follows = model.covariance.logSigma(φ)?.slopes
    guard model.knownVariance == nil, follows == nil else {
      matrix = Self.bordered(
        2 * curvature.hessian.pseudoInverse(cut: 1e-7, units: curvature.units), by: follows)
      return
    }
    let joint = curvature.jointHessian(df: model.degreesOfFreedom(kind))
    matrix = 2 * joint.pseudoInverse(cut: 1e-7, units: curvature.units + [1])
  }

  /// With a last row and column of a further function with these derivatives; zeros where it is constant.
  private static func bordered(_ a: DenseMatrix, by slopes: [Double]?) -> DenseMatrix {
    let n = a.rows
    var bordered = DenseMatrix(rows: n + 1, columns: n + 1)
    for j in 0..<n { for i in 0..<n { bordered[i, j] = a[i, j] } }
    guard let slopes else { return bordered }
    let last = a * slopes
    for k in 0..<n { (bordered[k, n], bordered[n, k]) = (last[k], last[k]) }
    bordered[n, n] = dot(slopes, last)
    return bordered
  }

  /// The variance of a function with these derivatives in (φ, log σ).
  package func variance(_ slopes: [Double]) -> Double {
    max(dot(slopes, matrix * slopes), 0)
  }
}

extension CriterionCurvature {
  /// The Hessian in (φ, log σ) of the criterion that is not profiled over σ.
  func jointHessian(df: Double) -> DenseMatrix {
    let n = gradient.count
    let slope = residualSlope.map { $0 * residualWeight }  // ṙw
    var H = DenseMatrix(rows: n + 1, columns: n + 1)
    for j in 0..<n {
      for i in 0..<n { H[i, j] = hessian[i, j] + slope[i] * slope[j] / df }
      H[n, j] = -2 * slope[j]
      H[j, n] = H[n, j]
    }
    H[n, n] = 4 * df
    return H
  }
}
