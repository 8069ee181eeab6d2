// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The deviance, profiled over σ, where a fixed-effects coefficient is held, as a function of φ:
/// that of the model without the coefficient's direction, for a response without its share.
final class HeldCoefficient: HeldDeviance {
  private let covariance: RelativeCovariance
  private let isSmall: Bool
  private let choice: EquationsPlan.Choice
  private let fixed: TurnedFixedPart
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
    fixed = TurnedFixedPart(
      maximum.model, index: index, estimate: estimate, maximum.residualCoefficients)
  }

  func hold(at value: Double) throws {
    criterion = try Criterion(fixed.model(holding: value), .ml, choice)
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

/// A model's working columns of X turned, so that one coefficient is a multiple of the last one's.
///
/// A reported coefficient is vᵀβ̃ of the working ones, v = R⁻ᵀe. With the last new column along v
/// and the others orthogonal to it, vᵀβ̃ = |v| γ for that column's γ.
private struct TurnedFixedPart {
  private let turned: LinearMixedModel
  /// |v|, in units of the response.
  private let length: Double
  /// What the response still has of the coefficient, less the coefficient.
  private let offset: Double

  init(
    _ model: LinearMixedModel, index: Int, estimate: Double, _ residualCoefficients: [Double]
  ) {
    let p = model.fixedEffectCount
    var e = [Double](repeating: 0, count: p)
    e[index] = 1
    let v = model.fixed.workingRow(e)
    length = euclideanNorm(v) * model.fixed.responseScale
    offset = dot(v, residualCoefficients) - estimate
    // v first: the others are what it leaves of the unit vectors.
    var columns = DenseMatrix(rows: p, columns: p + 1)
    for i in 0..<p {
      columns[i, 0] = v[i] / euclideanNorm(v)
      columns[i, i + 1] = 1
    }
    let basis = ColumnOrderedQR(columns, tolerance: 1e-8).q
    var map = DenseMatrix(rows: p + 1, columns: p + 1)
    for j in 0..<p { for i in 0..<p { map[i, (j + p - 1) % p] = basis[i, j] } }
    map[p, p] = 1
    turned = model.replacingTail(by: map)
  }

  /// The model without the last column, and with what it contributes taken off the response.
  func model(holding value: Double) -> LinearMixedModel {
    let p = turned.fixedEffectCount
    var map = DenseMatrix(rows: p + 1, columns: p)
    for k in 0..<p - 1 { map[k, k] = 1 }
    map[p - 1, p - 1] = -(value + offset) / length
    map[p, p - 1] = 1
    return turned.replacingTail(by: map)
  }
}
