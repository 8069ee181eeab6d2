// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// The deviance where σ is held, as a function of φ.
final class HeldResidual: HeldDeviance {
  private let model: LinearMixedModel
  private let criterion: Criterion
  private var logSigma: Double

  let optimum: [Double]
  let hessian: DenseMatrix
  let drift: [Double]
  private(set) var roundingError = 0.0

  /// - Throws: `FitError`, `CholmodError`.
  init(_ maximum: LikelihoodMaximum) throws {
    model = maximum.model
    criterion = try Criterion(model, .ml, maximum.choice)
    (optimum, logSigma) = (maximum.φ, maximum.logSigma)
    let n = optimum.count
    let joint = maximum.jointHessian
    let own = joint.submatrix(rows: Array(0..<n), columns: Array(0..<n))
    hessian = own.pulledBack(by: .identity(n), units: model.covariance.units(at: optimum))
    // ∂ log σ / ∂ σ = 1 / σ
    let sigma = exp(logSigma) * model.fixed.responseScale
    drift = steepestAnswer(hessian, (0..<n).map { joint[$0, n] / sigma })
  }

  func isAttainable(_ bound: Double) -> Bool { false }

  func hold(at value: Double) { logSigma = log(value / model.fixed.responseScale) }

  func deviance(_ x: [Double]) throws -> Double {
    let profiled = try criterion.value(x)
    return profiled + model.unprofiling(criterion.penalizedResidual, logSigma: logSigma)
  }

  func gradient() throws -> [Double] {
    let derivatives = try criterion.derivatives()
    roundingError = derivatives.roundingError
    return model.covariance.gradient(
      derivatives.slopes, at: derivatives.φ, residualWeight: exp(-2 * logSigma))
  }

  func lifted(_ x: [Double]) -> [Double]? { model.covariance.lifted(x) }

  func others(_ x: [Double]) -> [[Double]] { model.isSmall ? model.covariance.others(x) : [] }

  func units(_ x: [Double]) -> [Double] { model.covariance.units(at: x) }

  func φ(_ x: [Double]) -> [Double] { x }
}
