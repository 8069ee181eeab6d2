// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

extension ProfileSearch {
  package enum Limit {
    case at(Double)
    /// The edge of the parameter space is not far enough.
    case bound(Double)
  }

  /// Where ζ reaches `target`, which is negative for the lower limit.
  ///
  /// Secants through all points so far, on a scale where ζ is nearly straight, and bisection where
  /// they leave the bracket; when a point is near enough, what is left is interpolated.
  ///
  /// - Throws: `ProfileFailure`; `FitError`, `CholmodError`.
  package mutating func limit(_ target: Double) throws -> Limit {
    let bound = target < 0 ? range.lowerBound : range.upperBound
    if estimate == bound { return .bound(bound) }
    var inner = estimate
    var outer: Double?
    var next = firstTrial(target)
    for round in 0..<60 {
      var point = try point(at: next)
      if let found = settled(target, point) {
        let seen = point.deviance
        point = try confirmed(point)
        if point.deviance == seen { return .at(found) }
        // What lay beyond was that of another minimum.
        outer = nil
      }
      if abs(point.ζ) < abs(target) { inner = next } else { outer = next }
      if outer == nil, round >= 1, bound.isFinite, held.isAttainable(bound) {
        let end = try confirmed(self.point(at: bound))
        if abs(end.ζ) < abs(target) { return .bound(bound) }
        outer = bound
      }
      next = try trial(target, inner: inner, outer: outer, bound: bound)
      if let outer, abs(outer - inner) <= 1e-9 * abs(outer) + 1e-300 { return .at(next) }
    }
    let rises = points.filter { ($0.value - estimate) * target > 0 }.map { $0.ζ * $0.ζ }
    throw ProfileFailure.noCrossing(next, rise: rises.max() ?? 0)
  }

  /// The limit, where the last point is near enough that what is left can be interpolated: where
  /// one point less does not change the limit.
  private func settled(_ target: Double, _ last: Point) -> Double? {
    let distance = abs(last.ζ - target)
    guard distance < 1e-2, let found = interpolated(target) else {
      return distance < 1e-5 ? last.value : nil
    }
    if distance < 1e-5 { return found }
    let sideCount = points.count { $0.ζ * target > 0 }
    guard sideCount > 2, let other = interpolated(target, nearest: 3),
      abs(found - other) < 1e-7 * abs(found - estimate)
    else { return nil }
    return found
  }

  /// Wald's limit.
  private func firstTrial(_ target: Double) -> Double {
    if let standardError, standardError.isFinite, standardError > 0 {
      // Far from normal it may be anywhere.
      let step = scaleStep(target * standardError)
      let value = scale.value(scale.transformed(estimate) + step)
      if value.isFinite, value > range.lowerBound, value < range.upperBound { return value }
    }
    return defaultTrial(target)
  }

  private func scaleStep(_ step: Double) -> Double {
    switch scale {
    case .identity: step
    case .logarithm, .fisher: max(-2, min(2, step))
    }
  }

  /// Where there is no standard error, on the boundary above all.
  private func defaultTrial(_ target: Double) -> Double {
    if range.upperBound == 1 {  // a correlation or a share
      return 0.5 * (estimate + (target < 0 ? range.lowerBound : range.upperBound))
    }
    let trial = target < 0 ? estimate - spread : estimate + spread
    return range.contains(trial) ? trial : estimate / 2
  }

  /// The next value to try, within the bracket, or further out.
  private func trial(
    _ target: Double, inner: Double, outer: Double?, bound: Double
  ) throws -> Double {
    let guess = interpolated(target)
    if let outer {
      let (low, high) = (min(inner, outer), max(inner, outer))
      if let guess, guess > low, guess < high { return guess }
      return 0.5 * (low + high)
    }
    // Not more than three times as far as before.
    let distance = inner - estimate
    let farthest = bound.isFinite ? 0.5 * (inner + bound) : estimate + 3 * distance
    guard let guess, (guess - inner) * target > 0 else {
      return clamped(estimate + 2 * distance, inner, bound)
    }
    return abs(guess - estimate) < abs(farthest - estimate)
      ? guess : clamped(farthest, inner, bound)
  }

  private func clamped(_ value: Double, _ inner: Double, _ bound: Double) -> Double {
    guard bound.isFinite else { return value }
    return abs(value - inner) < abs(bound - inner) && (value - bound) * (inner - bound) > 0
      ? value : 0.5 * (inner + bound)
  }

  /// The value at which ζ is `target`, by the polynomial in ζ through the nearest points of that
  /// side, on `scale`; nil unless ζ rises along them.
  func interpolated(_ target: Double, nearest count: Int = 4) -> Double? {
    let side = points.filter { $0.ζ * target > 0 || $0.value == estimate }
      .filter { scale.transformed($0.value).isFinite }
    let near = side.sorted { abs($0.ζ - target) < abs($1.ζ - target) }.prefix(count)
      .sorted { $0.value < $1.value }
    guard near.count > 1, zip(near, near.dropFirst()).allSatisfy({ $0.ζ < $1.ζ }) else {
      return nil
    }
    var t = near.map { scale.transformed($0.value) }
    let ζ = near.map(\.ζ)
    // Neville's scheme.
    for order in 1..<near.count {
      for k in 0..<near.count - order {
        t[k] =
          ((target - ζ[k + order]) * t[k] + (ζ[k] - target) * t[k + 1]) / (ζ[k] - ζ[k + order])
      }
    }
    let value = scale.value(t[0])
    return value.isFinite ? value : nil
  }
}
