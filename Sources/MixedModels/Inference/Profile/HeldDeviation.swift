// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// The deviance where the standard deviation of a random effect is held.
///
/// It is σ U₁₁ L₁₁ (see `TurnedCovariance`), so L₁₁ follows from it and σ. The coordinates are the
/// other entries of all factors, then log σ.
final class HeldDeviation: HeldDeviance {
  private let model: LinearMixedModel
  private let criterion: Criterion
  private let turned: TurnedCovariance
  private let scale: Double
  private var held: Double
  private var θ: [Double] = []
  private var logSigma = 0.0
  private var residual = 0.0

  /// The standard deviation, relative to σ, for L₁₁ = 1.
  var unit: Double { turned.U[0, 0] }

  let optimum: [Double]
  let hessian: DenseMatrix
  let drift: [Double]
  private(set) var roundingError = 0.0

  /// - Throws: `FitError`, `CholmodError`.
  init(_ maximum: LikelihoodMaximum, term: Int, column: Int) throws {
    model = maximum.model
    criterion = try Criterion(model, .ml, maximum.choice)
    turned = TurnedCovariance(model.covariance, term: term, first: [column])
    scale = 1 / (model.fixed.responseScale * turned.U[0, 0])
    let (turned, scale) = (turned, scale)
    let place = turned.place
    let best = turned.θ(maximum.φ)
    var x = best
    x.remove(at: place)
    optimum = x + [maximum.logSigma]
    held = best[place] * exp(maximum.logSigma) / scale

    func map(_ x: [Double], _ value: Double) -> [Double] {
      turned.φ(Self.factors(x, value * scale, place)) + [x.last!]
    }
    let sizes = Self.units(best, turned)
    let step = 1e-6 * turned.units(best)[place] / scale
    let value = held
    let J = forwardJacobian(at: optimum, steps: sizes.map { 1e-6 * $0 }) { map($0, value) }
    hessian = maximum.jointHessian.pulledBack(by: J, units: sizes)
    let (there, here) = (map(optimum, value + step), map(optimum, value))
    let slope = zip(there, here).map { ($0 - $1) / step }
    drift = steepestAnswer(
      hessian, J.multipliedByTransposeOnLeft(maximum.jointHessian * slope))
  }

  private static func units(_ θ: [Double], _ turned: TurnedCovariance) -> [Double] {
    var units = turned.units(θ)
    units.remove(at: turned.place)
    return units + [sigmaUnit]
  }

  private static let sigmaUnit = 0.3

  /// θ′ with the held standard deviation, in units of the scaled response and of U₁₁.
  private static func factors(_ x: [Double], _ deviation: Double, _ place: Int) -> [Double] {
    var θ = x
    let logSigma = θ.removeLast()
    θ.insert(deviation * exp(-logSigma), at: place)
    return θ
  }

  func lifted(_ x: [Double]) -> [Double]? {
    let θ = Self.factors(x, held * scale, turned.place)
    guard var lifted = turned.lifted(θ, except: turned.place) else { return nil }
    lifted.remove(at: turned.place)
    return lifted + [x.last!]
  }

  func others(_ x: [Double]) -> [[Double]] {
    guard model.isSmall else { return [] }
    return turned.others(Self.factors(x, held * scale, turned.place)).map { θ in
      var other = θ
      other.remove(at: turned.place)
      return other + [x.last!]
    }
  }

  func units(_ x: [Double]) -> [Double] {
    Self.units(Self.factors(x, held * scale, turned.place), turned)
  }

  func hold(at value: Double) { held = value }

  func deviance(_ x: [Double]) throws -> Double {
    logSigma = x.last!
    θ = Self.factors(x, held * scale, turned.place)
    let profiled = try criterion.value(turned.φ(θ))
    residual = criterion.penalizedResidual
    return profiled + model.unprofiling(residual, logSigma: logSigma)
  }

  func gradient() throws -> [Double] {
    let derivatives = try criterion.derivatives()
    roundingError = derivatives.roundingError
    let weight = exp(-2 * logSigma)
    var gradient = turned.gradient(θ, derivatives.slopes, residualWeight: weight)
    let own = gradient.remove(at: turned.place)
    let n = Double(model.observations)
    return gradient + [2 * (n - residual * weight) - θ[turned.place] * own]
  }

  func φ(_ x: [Double]) -> [Double] {
    turned.φ(Self.factors(x, held * scale, turned.place))
  }
}

extension LinearMixedModel {
  /// What −2 log-likelihood at σ has more than where σ² = r²/n: never less than zero.
  func unprofiling(_ residual: Double, logSigma: Double) -> Double {
    let n = Double(observations)
    let ratio = residual * exp(-2 * logSigma) / n
    return n * (ratio - 1 - log(ratio))
  }
}
