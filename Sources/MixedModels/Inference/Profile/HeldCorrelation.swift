// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// The deviance, profiled over σ, where the correlation ρ of two random effects is held.
///
/// With the effects' own factor [l₁₁ 0; l₂₁ l₂₂], the leading part of UᵀL (see `TurnedCovariance`),
/// ρ = l₂₁/t for t² = l₂₁² + l₂₂². Given ρ, both standard deviations l₁₁ and t must not change
/// their signs, for ρ would; so their square roots are the coordinates, in the places of L₁₁ and
/// L₂₂, and L₂₁ follows.
final class HeldCorrelation: HeldDeviance {
  private let model: LinearMixedModel
  private let criterion: Criterion
  private let pair: CorrelatedPair
  private var held: Double
  private var x: [Double] = []
  private var θ: [Double] = []

  let optimum: [Double]
  let hessian: DenseMatrix
  let drift: [Double]
  private(set) var roundingError = 0.0

  /// - Throws: `FitError`, `CholmodError`.
  init(_ maximum: LikelihoodMaximum, term: Int, columns: [Int]) throws {
    model = maximum.model
    criterion = try Criterion(model, .ml, maximum.choice)
    let pair = CorrelatedPair(
      turned: TurnedCovariance(model.covariance, term: term, first: columns))
    self.pair = pair
    let best = pair.turned.θ(maximum.φ)
    let (x, ρ) = pair.coordinates(best)
    (optimum, held) = (x, ρ)
    let units = pair.units(best)
    let J = forwardJacobian(at: x, steps: units.map { 1e-6 * $0 }) { pair.φ($0, ρ) }
    hessian = maximum.profiledHessian.pulledBack(by: J, units: units)
    guard abs(ρ) < 1 - 1e-5 else {
      drift = x.map { _ in 0 }
      return
    }
    let slope = zip(pair.φ(x, ρ + 1e-6), pair.φ(x, ρ)).map { ($0 - $1) / 1e-6 }
    drift = steepestAnswer(
      hessian, J.multipliedByTransposeOnLeft(maximum.profiledHessian * slope))
  }

  func hold(at value: Double) { held = value }

  func deviance(_ x: [Double]) throws -> Double {
    self.x = x
    θ = pair.factors(x, held)
    return try criterion.value(pair.turned.φ(θ))
  }

  func gradient() throws -> [Double] {
    let derivatives = try criterion.derivatives()
    roundingError = derivatives.roundingError
    let slopes = pair.turned.gradient(
      θ, derivatives.slopes, residualWeight: derivatives.residualWeight)
    return pair.gradient(x, slopes, held)
  }

  func lifted(_ x: [Double]) -> [Double]? { pair.lifted(x) }

  /// Where one of the pair's standard deviations is zero every ρ is as good: the held models have those
  /// with one effect less at their edge.
  func others(_ x: [Double]) -> [[Double]] {
    pair.withoutEffects(x)
      + (model.isSmall
        ? pair.turned.others(pair.factors(x, held)).map { pair.coordinates($0).x } : [])
  }

  func units(_ x: [Double]) -> [Double] { pair.units(pair.factors(x, held)) }

  func φ(_ x: [Double]) -> [Double] { pair.φ(x, held) }
}

/// Factors whose first two effects have a given correlation.
private struct CorrelatedPair {
  let turned: TurnedCovariance
  /// U₁₂ and U₂₂.
  private var α: Double { turned.U[0, 1] }
  private var β: Double { turned.U[1, 1] }
  private var below: Int { turned.place + 1 }
  private var second: Int { turned.place + turned.size }

  init(turned: TurnedCovariance) { self.turned = turned }

  /// Relative standard deviation of the second effect, and its share of the first's direction.
  private func length(_ θ: [Double]) -> (t: Double, l21: Double) {
    let l21 = α * θ[turned.place] + β * θ[below]
    let l22 = β * θ[second]
    return ((l21 * l21 + l22 * l22).squareRoot(), l21)
  }

  func coordinates(_ θ: [Double]) -> (x: [Double], ρ: Double) {
    var x = θ
    let (t, l21) = length(θ)
    x[turned.place] = abs(θ[turned.place]).squareRoot()
    x[second] = t.squareRoot()
    x.remove(at: below)
    return (x, t > 0 ? l21 / t : 0)
  }

  func factors(_ x: [Double], _ ρ: Double) -> [Double] {
    var θ = x
    θ.insert(0, at: below)
    let l11 = x[turned.place] * x[turned.place]
    let root = θ[second]
    θ[turned.place] = l11
    θ[below] = (ρ * root * root - α * l11) / β
    θ[second] = root * root * max(0, 1 - ρ * ρ).squareRoot() / β
    return θ
  }

  func φ(_ x: [Double], _ ρ: Double) -> [Double] { turned.φ(factors(x, ρ)) }

  /// The gradient in x from that in θ′.
  func gradient(_ x: [Double], _ slopes: [Double], _ ρ: Double) -> [Double] {
    var gradient = slopes
    let (first, middle, last) = (slopes[turned.place], slopes[below], slopes[second])
    gradient[turned.place] = 2 * x[turned.place] * (first - α / β * middle)
    gradient[second] =
      2 * x[second - 1] * (ρ / β * middle + max(0, 1 - ρ * ρ).squareRoot() / β * last)
    gradient.remove(at: below)
    return gradient
  }

  /// Of the pair's standard deviations their roots; other columns as they are.
  func lifted(_ x: [Double]) -> [Double]? {
    var θ = x
    θ.insert(1, at: below)
    let (first, last) = (θ[turned.place], θ[second])
    if abs(first) < 0.18 { θ[turned.place] = 0.32 }
    θ[second] = 1
    var lifted = turned.lifted(θ, except: nil) ?? θ
    let unit = abs(β).squareRoot()  // the second effect's deviation is in its column's unit
    lifted[second] = abs(last) < 0.18 * unit ? 0.32 * unit : last
    lifted.remove(at: below)
    return lifted == x ? nil : lifted
  }

  /// x without the first effect, and without the second.
  func withoutEffects(_ x: [Double]) -> [[Double]] {
    [turned.place, second - 1].map { k in
      var other = x
      other[k] = 0
      return other
    }
  }

  func units(_ θ: [Double]) -> [Double] {
    var units = turned.units(θ)
    units[turned.place] = 0.5 * units[turned.place].squareRoot()
    units[second] = 0.5 * max(length(θ).t, β * RelativeCovariance.smallestUnit).squareRoot()
    units.remove(at: below)
    return units
  }
}
