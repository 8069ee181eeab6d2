// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// The deviance where σ is held, as a function of φ.
///
/// Beside strata with variances of their own σ is that of the first one, to which all is relative; x is φ at the estimate
/// of σ then, so that the other strata and the random effects stay as they are where σ goes to zero.
final class HeldResidual: HeldDeviance {
  private let model: LinearMixedModel
  private let criterion: Criterion
  private var logSigma: Double
  /// Where x is φ; nil where that does not depend on σ.
  private let reference: Double?
  private var x: [Double] = []

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
    let ofSigma = steepestAnswer(hessian, (0..<n).map { joint[$0, n] / sigma })
    guard model.covariance.residual?.strata != nil else {
      (drift, reference) = (ofSigma, nil)
      return
    }
    reference = logSigma
    let step = 1e-6
    let stays = zip(model.covariance.relative(optimum, to: exp(-step)), optimum).map { ($0 - $1) / (step * sigma) }
    drift = zip(ofSigma, stays).map { $0 + $1 }
  }

  /// Random effects and other strata can take the place of a stratum's residuals.
  func isAttainable(_ bound: Double) -> Bool { reference != nil }

  func hold(at value: Double) {
    logSigma = log(value / model.fixed.responseScale)
    if let reference { logSigma = max(logSigma, reference + log(VarianceStrata.zeroRatio)) }
  }

  /// By what σ is more than where x is φ.
  private var growth: Double { reference.map { exp(logSigma - $0) } ?? 1 }

  func deviance(_ x: [Double]) throws -> Double {
    self.x = x
    let profiled = try criterion.value(φ(x))
    return profiled + model.unprofiling(criterion.penalizedResidual, logSigma: logSigma)
  }

  func gradient() throws -> [Double] {
    let derivatives = try criterion.derivatives()
    roundingError = derivatives.roundingError
    let gradient = model.covariance.gradient(
      derivatives.slopes, at: derivatives.φ, residualWeight: exp(-2 * logSigma))
    guard reference != nil else { return gradient }
    return zip(gradient, model.covariance.relativeSlopes(x, to: growth)).map { $0 * $1 }
  }

  func lifted(_ x: [Double]) -> [Double]? { model.covariance.lifted(x) }

  func others(_ x: [Double]) -> [[Double]] { model.isSmall ? model.covariance.others(x) : [] }

  func units(_ x: [Double]) -> [Double] { model.covariance.units(at: x) }

  func φ(_ x: [Double]) -> [Double] {
    reference == nil ? x : model.covariance.relative(x, to: growth)
  }
}
