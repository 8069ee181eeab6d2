// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Follows the profile deviance of one parameter away from its estimate.
package struct ProfileSearch {
  /// A constrained optimum.
  package struct Point {
    let value: Double
    /// sign(value − estimate) √(deviance − least deviance).
    let ζ: Double
    let deviance: Double
    let x: [Double]
    let hessian: DenseMatrix
  }

  let held: any HeldDeviance
  package let estimate: Double
  /// Where the parameter can lie.
  package let range: ClosedRange<Double>
  let scale: ProfileScale
  /// Of the estimate, on `scale`; nil if not known.
  package let standardError: Double?
  /// A step to try where that is not known.
  package let spread: Double
  /// At the maximum of the likelihood.
  package let leastDeviance: Double
  private(set) var points: [Point]
  /// Where other minima than that next to the estimate were found to be lower.
  private var branches: [[Double]] = []
  private(set) var evaluations = 0

  init(
    held: any HeldDeviance, estimate: Double, range: ClosedRange<Double>, scale: ProfileScale,
    standardError: Double?, spread: Double, leastDeviance: Double
  ) {
    (self.held, self.estimate, self.range) = (held, estimate, range)
    (self.scale, self.standardError, self.spread) = (scale, standardError, spread)
    self.leastDeviance = leastDeviance
    points = [
      Point(
        value: estimate, ζ: 0, deviance: leastDeviance, x: held.optimum, hessian: held.hessian)
    ]
  }

  /// The constrained optimum at a value.
  ///
  /// - Throws: `ProfileFailure`; `FitError`, `CholmodError`.
  package mutating func point(at value: Double) throws -> Point {
    if let known = points.first(where: { $0.value == value }) { return known }
    try held.hold(at: value)
    let nearest = points.min { abs($0.value - value) < abs($1.value - value) }!
    for start in [predicted(value), nearest.x] {
      guard let found = try minimum(from: start, nearest.hessian) else { continue }
      let own = try least(of: leavingZero(found), from: branches)
      return try add(try least(of: own, from: lowerFartherOut(value, own.deviance)), value)
    }
    throw ProfileFailure.notConverged(value)
  }

  /// Where points farther from the estimate are lower: the deviance of the best minimum seldom falls on
  /// the way out, so that a search near these may have been led to another one.
  private func lowerFartherOut(_ value: Double, _ deviance: Double) -> [[Double]] {
    points.filter { point in
      (point.value < estimate) == (value < estimate)
        && abs(point.value - estimate) > abs(value - estimate)
        && point.deviance < deviance - tolerance
    }.map(\.x)
  }

  private mutating func add(_ minimum: Minimum, _ value: Double) throws -> Point {
    let rise = minimum.deviance - leastDeviance
    guard rise > -tolerance else {
      throw LowerDeviance(φ: held.φ(minimum.x), deviance: minimum.deviance, value: value)
    }
    let ζ = max(rise, 0).squareRoot()
    let point = Point(
      value: value, ζ: value < estimate ? -ζ : ζ, deviance: minimum.deviance, x: minimum.x,
      hessian: minimum.hessian)
    points.removeAll { $0.value == value }
    points.append(point)
    points.sort { $0.value < $1.value }
    return point
  }

  /// Differences of deviances that mean nothing.
  private var tolerance: Double { max(1e-6, 1e3 * held.roundingError) }

  /// The point if no other start leads lower there; otherwise the least that one has led to, after
  /// which all points on that side are looked at again.
  ///
  /// - Throws: `LowerDeviance`; `FitError`, `CholmodError`.
  package mutating func confirmed(_ point: Point) throws -> Point {
    try held.hold(at: point.value)
    let known: Minimum = (point.deviance, point.x, point.hessian)
    let least = try least(of: known, from: held.others(point.x))
    guard least.deviance < point.deviance - tolerance else {
      for other in points
      where lowerFartherOut(other.value, other.deviance).contains(point.x) && other.value != estimate {
        try held.hold(at: other.value)
        let own: Minimum = (other.deviance, other.x, other.hessian)
        let lower = try self.least(of: own, from: [point.x])
        if lower.deviance < other.deviance - tolerance { _ = try add(lower, other.value) }
      }
      return point
    }
    branches.append(least.x)
    for other in points where other.value != estimate && other.value != point.value {
      try held.hold(at: other.value)
      let own: Minimum = (other.deviance, other.x, other.hessian)
      let lower = try self.least(of: own, from: [least.x])
      if lower.deviance < other.deviance - tolerance { _ = try add(lower, other.value) }
    }
    return try add(least, point.value)
  }

  /// The lowest of a minimum and those that searches from `starts` end at, with the parameter held as
  /// it is.
  private mutating func least(of known: Minimum, from starts: [[Double]]) throws -> Minimum {
    var least = known
    for start in starts {
      guard let found = try minimum(from: start, held.hessian) else { continue }
      let lifted = try leavingZero(found)
      if lifted.deviance < least.deviance - tolerance { least = lifted }
    }
    return least
  }

  /// The best x is nearly a straight line between neighbours; near the estimate its slope is known.
  private func predicted(_ value: Double) -> [Double] {
    let side = points.filter {
      $0.value != estimate && ($0.value < estimate) == (value < estimate)
    }
    let near = (side + points.filter { $0.value == estimate })
      .sorted { abs($0.value - value) < abs($1.value - value) }
    guard near.count > 1 else {
      return zip(held.optimum, held.drift).map { $0 + $1 * (value - estimate) }
    }
    let (a, b) = (near[0], near[1])
    let share = (value - a.value) / (b.value - a.value)
    return zip(a.x, b.x).map { $0 + share * ($1 - $0) }
  }

  /// What is found from a start with all variances away from zero if that is better.
  private mutating func leavingZero(_ found: Minimum) throws -> Minimum {
    guard let start = held.lifted(found.x),
      let other = try minimum(from: start, held.hessian), other.deviance < found.deviance - 1e-9
    else { return found }
    return other
  }

  private typealias Minimum = (deviance: Double, x: [Double], hessian: DenseMatrix)

  /// nil where the deviance is not finite, or the search does not settle.
  private mutating func minimum(
    from start: [Double], _ hessian: DenseMatrix
  ) throws -> Minimum? {
    var (x, H, value) = (start, hessian, try tolerantDeviance(start))
    guard value.isFinite else { return nil }
    guard !x.isEmpty else { return (value, x, H) }
    for _ in 0..<4 {
      let (before, gradient) = (value, try held.gradient())
      let rule = StoppingRule(
        maximumEvaluations: 100 + 20 * x.count, absoluteF: max(1e-9, 100 * held.roundingError))
      let result = try minimizeWithGradient(
        start: x, value: value, gradient: gradient, hessian: H, units: held.units(x),
        stopping: rule, objective: { try self.tolerantDeviance($0) },
        gradient: { _ in try self.held.gradient() })
      (x, H, value) = (result.x, result.hessian, result.value)
      if result.outcome == .converged { return (value, x, H) }
      // Rounding or a poor Hessian stopped it: once more from there, until that gains nothing.
      let settled = before - value < 1e-6
      (H, value) = (held.hessian, try tolerantDeviance(x))
      if settled { return (value, x, H) }
    }
    return nil
  }

  private mutating func tolerantDeviance(_ x: [Double]) throws -> Double {
    evaluations += 1
    do {
      return try held.deviance(x)
    } catch CholmodError.notPositiveDefinite {
      return .infinity
    } catch FitError.zeroResidualVariance, FitError.strata, FitError.serial, FitError.axes {
      return .infinity
    }
  }
}

/// A point where the likelihood is greater than at its supposed maximum.
struct LowerDeviance: Error {
  let φ: [Double]
  let deviance: Double
  let value: Double
}

enum ProfileFailure: Error, CustomStringConvertible {
  case notConverged(Double)
  /// The value gone to, and how far the deviance has risen there.
  case noCrossing(Double, rise: Double)

  var description: String {
    switch self {
    case .notConverged(let value):
      "the search with the parameter held at \(value) did not settle"
    case .noCrossing(_, let rise) where rise < 1e-6:
      "the likelihood is the same whatever its value: the data do not determine it (an effect of a column that is zero, or of the same form as another one)"
    case .noCrossing(let value, let rise):
      "the deviance has risen by no more than \(rise) at \(value): the data do not bound it"
    }
  }
}
