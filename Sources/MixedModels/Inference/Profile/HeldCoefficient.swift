// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The deviance, profiled over σ, where a fixed-effects coefficient is held, as a function of φ:
/// that of the model without the coefficient's direction, for a response without its share.
final class HeldCoefficient: HeldDeviance {
  private let covariance: RelativeCovariance
  private let isSmall: Bool
  private let choice: EquationsPlan.Choice
  private let turn: CoefficientTurn
  private let turned: LinearMixedModel
  private var criterion: (Criterion)?

  let optimum: [Double]
  let hessian: DenseMatrix
  let drift: [Double]
  private(set) var roundingError = 0.0

  /// `index` counts the kept columns; `estimate` is the coefficient at the maximum.
  init(_ maximum: LikelihoodMaximum, index: Int, estimate: Double) {
    covariance = maximum.model.covariance
    isSmall = maximum.model.isSmall
    choice = maximum.choice
    optimum = maximum.φ
    hessian = maximum.profiledHessian.pulledBack(
      by: .identity(optimum.count), units: covariance.units(at: optimum))
    drift = optimum.map { _ in 0 }
    turn = CoefficientTurn(
      maximum.model.fixed, index: index, estimate: estimate, maximum.residualCoefficients)
    turned = maximum.model.replacingTail(by: turn.map)
  }

  func hold(at value: Double) throws {
    criterion = try Criterion(turned.replacingTail(by: turn.holding(value)), .ml, choice)
  }

  func deviance(_ x: [Double]) throws -> Double { try criterion!.value(x) }

  func gradient() throws -> [Double] {
    let derivatives = try criterion!.derivatives()
    roundingError = derivatives.roundingError
    return derivatives.gradient
  }

  func lifted(_ x: [Double]) -> [Double]? { covariance.lifted(x) }

  func others(_ x: [Double]) -> [[Double]] { isSmall ? covariance.others(x) : [] }

  func units(_ x: [Double]) -> [Double] { covariance.units(at: x) }

  func φ(_ x: [Double]) -> [Double] { x }
}
