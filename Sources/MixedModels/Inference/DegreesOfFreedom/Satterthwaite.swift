// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// Satterthwaite's degrees of freedom: those of the χ² that has the mean and the variance of an
/// estimated variance lᵀ Cov(β) l (Giesbrecht & Burns 1985, Communications in Statistics 14,
/// 989–1001; Kuznetsova, Brockhoff & Christensen 2017, JSS 82:13).
///
/// With V = Cov(β), ψ = (φ, log σ), A the asymptotic covariance of ψ̂ from the observed information,
/// and g = ∂(lᵀVl)/∂ψ,
///
///     ν = 2 (lᵀVl)² / (gᵀ A g).
///
/// A hypothesis of several rows is a sum of squared t statistics, uncorrelated along the
/// eigenvectors of its V; with E = Σ ν_m / (ν_m − 2) its F has 2E / (E − r) degrees of freedom.
///
/// Parameters that the likelihood does not change with, and those at a variance of zero, where V
/// does not change with φ either, take no part.
package struct Satterthwaite: DenominatorDegreesOfFreedom {
  /// Cov(β) in working coordinates, p × p.
  package let covariance: DenseMatrix
  /// ∂Cov(β)/∂φ_k.
  private let slopes: [DenseMatrix]
  private let parameters: ParameterCovariance

  /// - Throws: `InferenceError.noCurvature` where the Hessian is not known.
  package init(_ fitted: FittedModel) throws {
    guard let curvature = fitted.curvature else { throw InferenceError.noCurvature }
    self.init(
      curvature, fitted.coefficients, fitted.model, φ: fitted.φ, fitted.options.criterion)
  }

  package init(
    _ curvature: CriterionCurvature, _ coefficients: WorkingCoefficients,
    _ model: LinearMixedModel, φ: [Double], _ kind: CriterionKind
  ) {
    covariance = coefficients.covariance
    slopes = curvature.covarianceSlopes.map { coefficients.variance * $0 }
    parameters = ParameterCovariance(curvature, model, φ: φ, kind)
  }

  /// - Parameters:
  ///   - covariance: Of any linear functions of the coefficients, hypotheses about which are tested.
  ///   - slopes: Of it by every φ_k.
  init(covariance: DenseMatrix, slopes: [DenseMatrix], parameters: ParameterCovariance) {
    (self.covariance, self.slopes, self.parameters) = (covariance, slopes, parameters)
  }

  package func denominator(_ hypothesis: LinearHypothesis) -> Denominator {
    let basis = hypothesis.basis
    let C = basis.multipliedByTransposeOnLeft(covariance * basis)
    let directions = basis * symmetricEigenvectors(C).vectors
    let ν = (0..<directions.columns).map { degreesOfFreedom(directions.column($0)) }
    return Denominator(degreesOfFreedom: Self.joint(ν))
  }

  package func denominators(_ rows: DenseMatrix) -> [Denominator] {
    let values = covariance.quadraticForms(rows)
    let changes = slopes.map { $0.quadraticForms(rows) }
    return values.indices.map { k in
      let variance = parameters.variance(changes.map { $0[k] / values[k] } + [2])
      return Denominator(degreesOfFreedom: variance > 0 ? 2 / variance : .infinity)
    }
  }

  /// ν of one combination of working coefficients.
  private func degreesOfFreedom(_ l: [Double]) -> Double {
    func quadratic(_ M: DenseMatrix) -> Double { dot(l, M * l) }
    let value = quadratic(covariance)
    // Of log lᵀVl, whose square is in range in any units.
    let variance = parameters.variance(slopes.map { quadratic($0) / value } + [2])
    return variance > 0 ? 2 / variance : .infinity
  }

  /// Of an F statistic that is the mean of squares of t statistics with ν degrees of freedom each.
  static func joint(_ ν: [Double]) -> Double? {
    guard let first = ν.first else { return nil }
    let spread = (ν.max() ?? first) - (ν.min() ?? first)
    if ν.count == 1 || !(spread > 1e-8) { return first }
    // A t with two degrees of freedom or fewer has no variance.
    guard ν.allSatisfy({ $0 > 2 }) else { return 2 }
    let E = ν.reduce(0) { $0 + ($1.isFinite ? $1 / ($1 - 2) : 1) }
    return 2 * E / (E - Double(ν.count))
  }
}
