// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
package import NumericalMethods

/// The maximum of the likelihood, where all profiles begin.
package struct LikelihoodMaximum: Sendable {
  package let model: LinearMixedModel
  /// How to solve the model's equations; those of fewer columns of X, too.
  package let choice: EquationsPlan.Choice
  /// What the equations are expected to take, on one thread.
  package let bytes: Int
  package let φ: [Double]
  /// log σ, of the scaled response.
  package let logSigma: Double
  package let deviance: Double
  /// β as far as the model's response still has it, in working coordinates and units of the
  /// response.
  package let residualCoefficients: [Double]
  /// In φ, profiled over σ.
  package let profiledHessian: DenseMatrix
  /// In (φ, log σ).
  package let jointHessian: DenseMatrix

  /// Equations are exact: a profile is made of small differences of deviances.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  package init(_ fitted: FittedModel) throws {
    let plan = try EquationsPlan.exact(fitted.model, insteadOf: fitted.options.solver)
    try self.init(
      fitted.model, plan.choice, bytes: plan.chosen.bytes, φ: fitted.φ, fitted.curvature)
  }

  /// - Parameters:
  ///   - choice: Of exact equations.
  ///   - curvature: At φ; nil if it is not known.
  /// - Throws: `FitError`, `CholmodError`.
  package init(
    _ model: LinearMixedModel, _ choice: EquationsPlan.Choice, bytes: Int, φ: [Double],
    _ curvature: CriterionCurvature?
  ) throws {
    (self.model, self.choice, self.bytes, self.φ) = (model, choice, bytes, φ)
    let criterion = try Criterion(model, .ml, choice)
    deviance = try criterion.value(φ)
    let n = Double(model.observations)
    logSigma = 0.5 * log(criterion.penalizedResidual / n)
    let scale = model.fixed.responseScale
    residualCoefficients = try criterion.coefficients().map { scale * $0 }
    if let curvature {
      profiledHessian = curvature.hessian
      jointHessian = curvature.jointHessian(df: n)
    } else {
      let q = φ.count
      profiledHessian = model.covariance.expectedHessian(
        φ, try criterion.derivatives().slopes, levels: model.groups.map(\.levelCount))
      var joint = DenseMatrix(rows: q + 1, columns: q + 1)
      for j in 0..<q { for i in 0..<q { joint[i, j] = profiledHessian[i, j] } }
      joint[q, q] = 4 * n
      jointHessian = joint
    }
  }
}
