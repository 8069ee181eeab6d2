// SPDX-License-Identifier: GPL-2.0-or-later

extension SearchState {
  /// Puts residual variances of strata to zero where the criterion does not tell them from it: it goes to its limit
  /// there by less and less, and a search ends somewhere on the way.
  ///
  /// - Returns: whether there was one.
  mutating func clearStrata() throws -> Bool {
    var isThere = false
    while try clearStratum() { isThere = true }
    return isThere
  }

  private mutating func clearStratum() throws -> Bool {
    let (before, origin) = (value, best)
    for points in search.covariance.vanishingStrata(origin) {
      let limit = try limit(along: points)
      if let limit, limit.value <= before + min(limit.noise * limit.point.noise, Self.leastFallWithoutEnd) {
        (best, value) = (limit.point.φ, limit.value)
        return true
      }
      (best, value) = (origin, before)
    }
    return false
  }

  private typealias Limit = (point: VanishedStratum, value: Double, noise: Double)

  /// The first point from which the criterion falls no further but for rounding; the last one if there is none.
  ///
  /// - Returns: nil where it falls without end.
  private mutating func limit(along points: [VanishedStratum]) throws -> Limit? {
    var found: Limit?
    for (k, point) in points.enumerated() {
      let value = try tolerantValue(point.φ)
      guard value.isFinite else { return found }
      let noise = max(indifference, Self.differenceInErrors * criterion.roundingErrorOfSquares)
      if let known = found {
        let fall = known.value - value
        guard fall > noise else { return found }
        if fall > Self.leastFallWithoutEnd, k == points.count - 1 { return nil }
      }
      found = (point, value, noise)
    }
    return found
  }

  /// How far apart the errors of two values may be, in units of what is expected of one.
  private static var differenceInErrors: Double { 3 }

  /// Less than what the criterion falls by from one point to the next where it falls without end: twice the logarithm
  /// of the ratio of what stands for zero, for every row that is explained exactly.
  private static var leastFallWithoutEnd: Double { 0.1 }

  /// Of the criterion; no parameter moves by a thousandth of its standard error for that, and rounding can be as much.
  private var indifference: Double { max(1e-6, 1e-8 * search.rows) }
}
