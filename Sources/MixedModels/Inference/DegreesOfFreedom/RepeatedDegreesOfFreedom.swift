// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension RepeatedFit {
  /// The methods that are of the covariance matrices' own kind; nil for the others.
  ///
  /// - Throws: `InferenceError` where the method does not fit the model.
  func degreesOfFreedom(
    _ method: DegreesOfFreedomMethod, _ coefficients: WorkingCoefficients, _ options: FitOptions
  ) throws(InferenceError) -> (any DenominatorDegreesOfFreedom)? {
    switch method {
    case .satterthwaite: return RepeatedSatterthwaite(self, coefficients)
    case .kenwardRoger, .kenwardRogerLinear:
      guard options.criterion == .reml else { throw .kenwardRogerNeedsREML }
      return RepeatedKenwardRoger(
        self, coefficients, isLinear: method == .kenwardRogerLinear, threads: options.threads)
    case .residual, .none: return nil
    }
  }

  /// −ΦẊ_kΦ, the derivatives of Cov(β) in the parameters, in units of the response.
  fileprivate func covarianceSlopes(_ coefficients: WorkingCoefficients) -> [DenseMatrix] {
    let scale = 1 / (model.responseScale * model.responseScale)
    return optimum.informationSlopes.map { change in
      (-scale) * (coefficients.covariance * change * coefficients.covariance)
    }
  }
}

/// Satterthwaite's degrees of freedom of tests where residuals are correlated within subjects: as
/// `Satterthwaite`, with the exact Hessian and derivatives in the parameters of Σ; of several rows as
/// mmrm's and SAS's, by the eigenvectors of LVLᵀ for L as it was given.
struct RepeatedSatterthwaite: DenominatorDegreesOfFreedom {
  let covariance: DenseMatrix
  private let slopes: [DenseMatrix]
  private let W: DenseMatrix

  init(_ fit: RepeatedFit, _ coefficients: WorkingCoefficients) {
    covariance = coefficients.covariance
    slopes = fit.covarianceSlopes(coefficients)
    W = fit.optimum.parameterCovariance
  }

  func denominator(_ hypothesis: LinearHypothesis) -> Denominator {
    let basis = hypothesis.given
    let C = basis.multipliedByTransposeOnLeft(covariance * basis)
    let directions = basis * symmetricEigenvectors(C).vectors
    let ν = (0..<directions.columns).map { degreesOfFreedom(directions.column($0)) }
    return Denominator(degreesOfFreedom: Satterthwaite.joint(ν))
  }

  /// 2 (lᵀVl)² / gᵀWg.
  private func degreesOfFreedom(_ l: [Double]) -> Double {
    let value = dot(l, covariance * l)
    let g = slopes.map { dot(l, $0 * l) / value }
    let variance = max(dot(g, W * g), 0)
    return variance > 0 ? 2 / variance : .infinity
  }
}

/// Kenward and Roger's (1997) adjustment where residuals are correlated within subjects, as mmrm has it:
/// the covariance of the parameters is the observed one, and second derivatives of V are those in the
/// coordinates of `VisitCovariance`; `isLinear` leaves them out, as SAS does where V is linear in the
/// parameters (`us`).
struct RepeatedKenwardRoger: DenominatorDegreesOfFreedom {
  let covariance: DenseMatrix
  private let approximation: KenwardRogerApproximation

  init(
    _ fit: RepeatedFit, _ coefficients: WorkingCoefficients, isLinear: Bool, threads: Int
  ) {
    let (model, optimum) = (fit.model, fit.optimum)
    let W = optimum.parameterCovariance
    let Φ = optimum.solution.Φ
    let criterion = RepeatedCriterion(model: model, kind: .reml, threads: threads)
    let Λ = criterion.adjustment(
      optimum.solution, W: W, P: optimum.informationSlopes, isLinear: isLinear)
    let scale = model.responseScale * model.responseScale
    covariance = scale * (Φ + 2 * ((Φ * Λ) * Φ)).symmetricPart
    approximation = KenwardRogerApproximation(
      Φ: Φ, ΦPΦ: optimum.informationSlopes.map { (Φ * $0) * Φ }, W: W)
  }

  func denominator(_ hypothesis: LinearHypothesis) -> Denominator {
    approximation.denominator(hypothesis)
  }
}
