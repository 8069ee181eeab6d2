// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// A coordinate of φ with what it is the coordinate of.
struct HeldCoordinate: Sendable {
  let value: @Sendable (Double) -> Double
  /// The derivative of `value`.
  let slope: @Sendable (Double) -> Double
  let coordinate: @Sendable (Double) -> Double

  init(_ parameter: StructureParameter) {
    value = parameter.value
    slope = parameter.slope
    coordinate = parameter.coordinate
  }

  /// A parameter of the residuals, which does not mix with the others.
  init(_ residual: any ResidualStructure, _ index: Int) {
    let start = residual.start
    @Sendable func all(_ φ: Double) -> [Double] {
      var all = start
      all[index] = φ
      return all
    }
    value = { residual.values(all($0)[...])[index] }
    slope = { residual.valueSlopes(all($0)[...])[index] }
    let usual = residual.values(start[...])
    let least = residual.strata.map { index < $0.names.count } == true ? VarianceStrata.zeroRatio : -.infinity
    coordinate = { held in
      var values = usual
      values[index] = max(held, least)
      return residual.coordinates(values[...])[index]
    }
  }
}

/// The deviance where a parameter of a covariance structure is held: a correlation, or a standard
/// deviation.
///
/// It is one of φ, given σ where it is a standard deviation. The coordinates are the others, and then log σ
/// beside a standard deviation that is held; else σ is profiled.
final class HeldStructureParameter: HeldDeviance {
  private let model: LinearMixedModel
  private let criterion: Criterion
  /// Among φ.
  private let place: Int
  private let parameter: HeldCoordinate
  /// The parameter's value per unit of a standard deviation, for σ = 1; nil for correlations.
  private let scale: Double?
  private var held: Double
  private var evaluated: [Double] = []
  private var logSigma = 0.0
  private var residual = 0.0

  let optimum: [Double]
  let hessian: DenseMatrix
  let drift: [Double]
  private(set) var roundingError = 0.0

  /// - Parameter index: Of the parameter among those of the term's structure.
  /// - Throws: `FitError`, `CholmodError`.
  convenience init(
    _ maximum: LikelihoodMaximum, term: Int, _ structure: any CovarianceStructure, index: Int
  ) throws {
    let model = maximum.model
    let parameter = structure.parameters[index]
    let block = model.covariance.blocks[term]
    try self.init(
      maximum, place: model.covariance.blockRanges[term].lowerBound + index,
      HeldCoordinate(parameter),
      scale: parameter.column.map { block.size(ofColumn: $0) / model.fixed.responseScale })
  }

  /// One of the residuals' parameters.
  ///
  /// - Parameter isDeviation: Whether it is a standard deviation by σ.
  /// - Throws: `FitError`, `CholmodError`.
  convenience init(_ maximum: LikelihoodMaximum, residual index: Int, isDeviation: Bool) throws {
    let covariance = maximum.model.covariance
    guard let residual = covariance.residual else {
      throw FitError.numerical("the residuals have no parameters")
    }
    try self.init(
      maximum, place: covariance.parameterCount - residual.names.count + index,
      HeldCoordinate(residual, index),
      scale: isDeviation ? 1 / maximum.model.fixed.responseScale : nil,
      isZero: isDeviation && maximum.model.zeroStrata(maximum.φ)[index + 1])
  }

  /// - Parameter isZero: Whether it is a standard deviation that some coordinate stands for a zero of.
  private init(
    _ maximum: LikelihoodMaximum, place: Int, _ parameter: HeldCoordinate, scale: Double?, isZero: Bool = false
  ) throws {
    let model = maximum.model
    self.model = model
    criterion = try Criterion(model, .ml, maximum.choice)
    (self.place, self.parameter, self.scale) = (place, parameter, scale)
    let best = maximum.φ
    let value = parameter.value(best[place])
    held = scale.map { value * exp(maximum.logSigma) / $0 } ?? value

    var x = best
    x.remove(at: place)
    var units = model.covariance.units(at: best)
    units.remove(at: place)
    let slope = parameter.slope(best[place])
    let n = best.count
    let all = Array(0..<place) + Array((place + 1)..<n)
    guard let scale else {
      optimum = x
      let H = maximum.profiledHessian
      var J = DenseMatrix(rows: n, columns: n - 1)
      for (k, i) in all.enumerated() { J[i, k] = 1 }
      hessian = H.pulledBack(by: J, units: units)
      drift = steepestAnswer(
        hessian, J.multipliedByTransposeOnLeft(H.column(place).map { $0 / slope }))
      return
    }
    optimum = x + [maximum.logSigma]
    let H = maximum.jointHessian
    var J = DenseMatrix(rows: n + 1, columns: n)
    for (k, i) in all.enumerated() { J[i, k] = 1 }
    (J[place, n - 1], J[n, n - 1]) = (-value / slope, 1)
    hessian = H.pulledBack(by: J, units: units + [Self.sigmaUnit])
    let rate = isZero ? 0 : scale * exp(-maximum.logSigma) / slope
    drift = steepestAnswer(
      hessian, J.multipliedByTransposeOnLeft(H.column(place).map { $0 * rate }))
  }

  private static let sigmaUnit = 0.3

  func hold(at value: Double) { held = value }

  func φ(_ x: [Double]) -> [Double] {
    var φ = x
    let logSigma = scale == nil ? 0 : φ.removeLast()
    φ.insert(parameter.coordinate(scale.map { held * $0 * exp(-logSigma) } ?? held), at: place)
    return φ
  }

  /// The coordinates at φ, with log σ of x.
  private func coordinates(_ φ: [Double], _ x: [Double]) -> [Double] {
    var other = φ
    other.remove(at: place)
    return scale == nil ? other : other + [x.last!]
  }

  func deviance(_ x: [Double]) throws -> Double {
    evaluated = φ(x)
    let profiled = try criterion.value(evaluated)
    guard scale != nil else { return profiled }
    logSigma = x.last!
    residual = criterion.penalizedResidual
    return profiled + model.unprofiling(residual, logSigma: logSigma)
  }

  func gradient() throws -> [Double] {
    let derivatives = try criterion.derivatives()
    roundingError = derivatives.roundingError
    guard scale != nil else {
      var gradient = derivatives.gradient
      gradient.remove(at: place)
      return gradient
    }
    let weight = exp(-2 * logSigma)
    var gradient = model.covariance.gradient(
      derivatives.slopes, at: evaluated, residualWeight: weight)
    let own = gradient.remove(at: place)
    let n = Double(model.observations)
    // The coordinate follows σ: its value is proportional to 1/σ, unless it is as good as zero.
    let value = parameter.value(evaluated[place])
    let slope = parameter.slope(evaluated[place])
    let isFree = value > StructureParameter.leastDeviation || slope == 1
    let follow = isFree ? value / slope : 0
    return gradient + [2 * (n - residual * weight) - follow * own]
  }

  func lifted(_ x: [Double]) -> [Double]? {
    model.covariance.lifted(φ(x), except: place).map { coordinates($0, x) }
  }

  func others(_ x: [Double]) -> [[Double]] {
    guard model.isSmall else { return [] }
    return model.covariance.others(φ(x)).map { coordinates($0, x) }
  }

  func units(_ x: [Double]) -> [Double] {
    var units = model.covariance.units(at: φ(x))
    units.remove(at: place)
    return scale == nil ? units : units + [Self.sigmaUnit]
  }
}
