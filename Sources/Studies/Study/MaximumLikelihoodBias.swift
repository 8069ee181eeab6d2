// SPDX-License-Identifier: GPL-2.0-or-later

import MixedModels
import NumericalMethods

extension StudyModel {
  /// What theory expects of the maximum-likelihood estimates of covariances to be off by, because
  /// they do not count the coefficients that are estimated too.
  ///
  /// With V = Σ γ_r G_r, the score of the likelihood at the truth, with β estimated, has the
  /// expectation s_r = −½ tr(Φ XᵀV⁻¹G_rV⁻¹X), Φ = (XᵀV⁻¹X)⁻¹, where that of the restricted
  /// likelihood has none; with the information ½T_rs = ½ tr(V⁻¹G_rV⁻¹G_s) the bias is to first order
  ///
  ///     E γ̂ − γ = (½T)⁻¹ s.
  ///
  /// For J balanced groups of n rows and an intercept this is exact but for estimates cut off at
  /// zero: E σ̂_b² = (1 − 1/J) σ_b² − σ²/(nJ), E σ̂² = σ²: near (1 − 1/J) σ_b², as the n − 1 of a
  /// sample variance, since J means tell of J − 1 differences.
  ///
  /// Where V is not linear in the parameters, as of structured terms, the curvature has a part in it, and
  /// this does not know it.
  ///
  /// - Returns: For every term the bias of its covariance matrix in reported columns, and that of
  ///   σ².
  /// - Throws: `InferenceError` where the levels' effects are too many, `NotPositiveDefinite`.
  func maximumLikelihoodBias() throws -> (terms: [DenseMatrix], residual: Double) {
    let p = model.fixedEffectCount
    let (moments, parameters) = try CovarianceMoments.of(model, φ, threads: 1)
    let XVX =
      model.tail.submatrix(rows: Array(0..<p), columns: Array(0..<p))
      - moments.matrix(moments.absorbed, 0)
    var factor = XVX
    try DenseCholesky.factorize(&factor)
    let Φ = DenseCholesky.inverse(factor: factor)
    let sums = ParameterSums(moments, parameters, XVX, observations: model.observations)
    // P_r = −XᵀV⁻¹G_rV⁻¹X; in units of σ².
    let bias = sums.T.pseudoInverse(cut: 1e-10) * sums.P.map { dot(Φ.storage, $0.storage) }
    let variance = sigma * sigma
    var next = 0
    let terms = model.covariance.blocks.map { block in
      var change = DenseMatrix(rows: block.size, columns: block.size)
      for j in 0..<block.size {
        for i in j..<block.size {
          (change[i, j], change[j, i]) = (bias[next], bias[next])
          next += 1
        }
      }
      return variance * block.solveR(block.solveR(change).transposed)
    }
    return (terms, variance * bias[next])
  }

  /// Of every parameter by one method: coefficients are unbiased by symmetry, variances by
  /// restricted likelihood to first order; nil where nothing is known.
  func expectedBias(
    _ method: CriterionKind, maximumLikelihood: (terms: [DenseMatrix], residual: Double)?
  ) -> [Double?] {
    guard model.covariance.isUnstructured else {
      return parameters.map { $0.kind == .fixed ? 0 : nil }
    }
    var variances: [Double?] = []
    for (t, term) in model.terms.enumerated() {
      for j in term.columns.indices {
        variances.append(method == .reml ? 0 : maximumLikelihood.map { $0.terms[t][j, j] })
      }
    }
    variances.append(method == .reml ? 0 : maximumLikelihood?.residual)
    var next = 0
    return parameters.map { parameter in
      switch parameter.kind {
      case .fixed: return 0
      case .standardDeviation, .correlation, .sigma: return nil
      case .variance, .residualVariance:
        defer { next += 1 }
        return variances[next]
      }
    }
  }
}
