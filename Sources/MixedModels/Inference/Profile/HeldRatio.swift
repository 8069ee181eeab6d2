// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// The criterion where a function f of the variances is held, such as a heritability.
///
/// The coordinates x are φ, and log σ where f depends on it (else σ is profiled). They are moved along one
/// direction, the standard deviations of some terms times eᵗ, or σ, until f is what it is held at:
/// z = z(x, t) with f(z) = c. So one direction of x says nothing. The criterion may be that of REML, since
/// the fixed part is the same whatever is held.
final class HeldRatio: HeldDeviance {
  private let model: LinearMixedModel
  private let criterion: Criterion
  /// n, or n − p.
  private let df: Double
  /// f of φ and of σ in units of the response, with its derivatives in (φ, log σ).
  private let function: ([Double], Double) -> Linearized
  /// Whether log σ is among the coordinates.
  private let hasSigma: Bool
  private let direction: VarianceDirection
  private var held: Double
  /// z and e^t of the last evaluation.
  private var evaluated: (z: [Double], scale: Double) = ([], 1)
  private var residual = 0.0

  let optimum: [Double]
  let hessian: DenseMatrix
  let drift: [Double]
  /// The criterion at the optimum.
  let least: Double
  private(set) var roundingError = 0.0

  /// - Throws: `FitError`, `CholmodError`.
  init(
    _ fitted: FittedModel, _ choice: EquationsPlan.Choice, _ curvature: CriterionCurvature,
    _ function: @escaping ([Double], Double) -> Linearized
  ) throws {
    let (model, kind, n) = (fitted.model, fitted.options.criterion, fitted.φ.count)
    (self.model, self.function) = (model, function)
    criterion = try Criterion(model, kind, choice)
    df = model.degreesOfFreedom(kind)
    least = try criterion.value(fitted.φ)
    let logSigma = 0.5 * log(criterion.penalizedResidual / df)
    let unit = model.fixed.responseScale
    let here = function(fitted.φ, exp(logSigma) * unit)
    held = here.value
    let units = model.covariance.units(at: fitted.φ) + [Self.sigmaUnit]
    let slopes = here.slopes.isEmpty ? units.map { _ in 0 } : here.slopes
    let largest = zip(slopes, units).reduce(abs(here.value)) { max($0, abs($1.0 * $1.1)) }
    let hasSigma = abs(slopes[n]) > 1e-9 * largest
    self.hasSigma = hasSigma
    let best = hasSigma ? fitted.φ + [logSigma] : fitted.φ
    let raised = model.covariance.raisingZeros(fitted.φ) + best[n...]
    direction = VarianceDirection.best(model.covariance, hasSigma: hasSigma, from: raised) { z in
      function(Array(z[..<n]), (hasSigma ? exp(z[n]) : 1) * unit).value
    }
    // From zero nothing can be scaled; what it is scaled to is the same.
    let x = direction.isStuck(best) ? raised : best
    optimum = x
    let f = Array(slopes[..<x.count])
    let u = direction.slope(x, scale: 1)
    let rise = dot(f, u)
    var P = DenseMatrix.identity(x.count)
    if rise != 0 {
      for j in x.indices { for i in x.indices { P[i, j] -= u[i] * f[j] / rise } }
    }
    let H = hasSigma ? curvature.jointHessian(df: df) : curvature.hessian
    hessian = H.pulledBack(by: P, units: Array(units[..<x.count]))
    // The best way to a change of f: H⁻¹f′ / f′ᵀH⁻¹f′.
    let way = steepestAnswer(H, f.map { -$0 })
    let rate = dot(f, way)
    drift = way.map { rate > 0 ? $0 / rate : 0 }
  }

  private static let sigmaUnit = 0.3

  func hold(at value: Double) { held = value }

  func isAttainable(_ bound: Double) -> Bool {
    let before = held
    defer { held = before }
    held = bound
    return ((try? deviance(optimum)) ?? .infinity).isFinite
  }

  // MARK: Along the direction

  private func split(_ z: [Double]) -> (φ: [Double], sigma: Double) {
    let n = hasSigma ? z.count - 1 : z.count
    return (Array(z[..<n]), (hasSigma ? exp(z[n]) : 1) * model.fixed.responseScale)
  }

  private func value(_ z: [Double]) -> Linearized {
    let (φ, sigma) = split(z)
    return function(φ, sigma)
  }

  /// z at x; nil where f does not become what it is held at.
  private func solved(_ x: [Double]) -> (z: [Double], scale: Double)? {
    func excess(_ t: Double) -> Double { value(direction.moved(x, scale: exp(t))).value - held }
    let first = excess(0)
    guard first.isFinite else { return nil }
    if first == 0 { return (x, 1) }
    guard let t = Self.root(excess, first) else {
      // A variance of zero.
      let z = direction.moved(x, scale: 0)
      return abs(value(z).value - held) <= 1e-14 * max(abs(held), 1) ? (z, 0) : nil
    }
    return (direction.moved(x, scale: exp(t)), exp(t))
  }

  /// Outwards from zero until the sign changes, then by bisection and secants.
  private static func root(_ f: (Double) -> Double, _ first: Double) -> Double? {
    var step = 0.1
    for _ in 0..<10 {
      for end in [step, -step] {
        let there = f(end)
        if there == 0 { return end }
        if there.isFinite, (there < 0) != (first < 0) { return bracketed(f, (0, first), (end, there)) }
      }
      step *= 2
    }
    return nil
  }

  private static func bracketed(
    _ f: (Double) -> Double, _ one: (Double, Double), _ other: (Double, Double)
  ) -> Double {
    var (a, b) = (one, other)
    for round in 0..<200 where abs(b.0 - a.0) > 1e-15 {
      let secant = a.0 - a.1 * (b.0 - a.0) / (b.1 - a.1)
      let isInside = min(a.0, b.0) < secant && secant < max(a.0, b.0)
      let next = round % 3 == 2 || !isInside ? 0.5 * (a.0 + b.0) : secant
      let value = f(next)
      if value == 0 || next == a.0 || next == b.0 { return next }
      if (value < 0) == (a.1 < 0) { a = (next, value) } else { b = (next, value) }
    }
    return abs(a.1) < abs(b.1) ? a.0 : b.0
  }

  // MARK: The criterion

  func φ(_ x: [Double]) -> [Double] { split(solved(x)?.z ?? x).φ }

  func deviance(_ x: [Double]) throws -> Double {
    guard let there = solved(x) else { return .infinity }
    evaluated = there
    let z = there.z
    let profiled = try criterion.value(split(z).φ)
    guard hasSigma else { return profiled }
    residual = criterion.penalizedResidual
    let ratio = residual * exp(-2 * z[z.count - 1]) / df
    return profiled + df * (ratio - 1 - log(ratio))
  }

  /// With u = ∂z/∂t and s_j = ∂z_j/∂x_j: ∂t/∂x_j = −s_jf_j / fᵀu.
  func gradient() throws -> [Double] {
    let derivatives = try criterion.derivatives()
    roundingError = derivatives.roundingError
    let (z, scale) = evaluated
    var whole = derivatives.gradient
    if hasSigma {
      let weight = exp(-2 * z[z.count - 1])
      whole = model.covariance.gradient(
        derivatives.slopes, at: split(z).φ, residualWeight: weight)
      whole.append(2 * (df - residual * weight))
    }
    let f = value(z).slopes
    let u = direction.slope(z, scale: scale)
    let rise = zip(f, u).reduce(0) { $0 + $1.0 * $1.1 }
    let share = rise != 0 ? dot(whole, u) / rise : 0
    return z.indices.map { j in
      direction.stretch(j, scale: scale) * (whole[j] - share * f[j])
    }
  }

  // MARK: Other points

  /// With log σ of x.
  private func coordinates(_ φ: [Double], _ x: [Double]) -> [Double] {
    hasSigma ? φ + [x[x.count - 1]] : φ
  }

  func lifted(_ x: [Double]) -> [Double]? {
    model.covariance.lifted(φ(x)).map { coordinates($0, x) }
  }

  func others(_ x: [Double]) -> [[Double]] {
    guard model.isSmall else { return [] }
    return model.covariance.others(φ(x)).map { coordinates($0, x) }
  }

  func units(_ x: [Double]) -> [Double] {
    model.covariance.units(at: φ(x)) + (hasSigma ? [Self.sigmaUnit] : [])
  }
}
