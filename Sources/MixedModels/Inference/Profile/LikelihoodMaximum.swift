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
    var model = model
    model.covariance.residual = model.covariance.residual?.bounded(near: model.covariance.residualCoordinates(φ))
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

  /// The same maximum where another stratum has taken the place of the first, and that one its place.
  private init(_ maximum: LikelihoodMaximum, exchangingFirstWith s: Int) {
    let covariance = maximum.model.covariance
    let (φ, n) = (maximum.φ, maximum.φ.count)
    model = maximum.model.exchangingFirstStratum(with: s)
    (choice, bytes) = (maximum.choice, maximum.bytes)
    (deviance, residualCoefficients) = (maximum.deviance, maximum.residualCoefficients)
    let own = covariance.exchangingFirst(φ, with: s)
    self.φ = own
    func ratio(_ φ: [Double]) -> Double { covariance.strata(φ)!.coordinates.dropFirst(s - 1).first! }
    logSigma = maximum.logSigma + ratio(φ)
    // From these coordinates and log σ to those.
    let units = covariance.units(at: own) + [1]
    let J = forwardJacobian(at: own + [logSigma], steps: units.map { 1e-6 * $0 }) { x in
      let coordinates = Array(x.dropLast())
      return covariance.exchangingFirst(coordinates, with: s) + [x[n] + ratio(coordinates)]
    }
    let among = Array(0..<n)
    profiledHessian = maximum.profiledHessian.pulledBack(
      by: J.submatrix(rows: among, columns: among), units: Array(units.dropLast()))
    jointHessian = maximum.jointHessian.pulledBack(by: J, units: units)
  }

  /// The stratum relative to which a place is profiled where the first one has no residual variance, the largest, and the
  /// maximum so.
  func turned(for place: IntervalPlace) -> (maximum: LikelihoodMaximum, place: IntervalPlace, stratum: Int)? {
    guard let (strata, own) = model.covariance.strata(φ), strata.isZero(own)[0] else { return nil }
    let s = strata.largest(own)
    let turned: IntervalPlace =
      switch place {
      case .residual: .stratum(s)
      case .stratum(s): .residual
      default: place
      }
    return (LikelihoodMaximum(self, exchangingFirstWith: s), turned, s)
  }
}
