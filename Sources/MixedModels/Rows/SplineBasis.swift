// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The columns of R's `bs()` and `ns()` for known knots, B-splines by Cox and de Boor's recursion (de Boor
/// 1978, A Practical Guide to Splines, chapter X).
///
/// `ns()` keeps of cubic B-splines those combinations that are linear beyond the boundary: with C the
/// second derivatives of the splines at both ends, k × 2, and C = QR by Householder's reflections, the
/// columns of Q but the first two, in LINPACK's signs as in R.
package struct SplineBasis: Sendable, Hashable {
  package let call: SplineCall
  package let knots: SplineKnots
  /// All knots, the ends `order` times.
  private let t: [Double]
  private let order: Int
  /// What the values of B-splines are multiplied by, columns × B-splines by rows; nil for `bs()`.
  private let map: [[Double]]?
  /// Of `ns()` the splines' values and slopes at both ends.
  private let ends: [End]

  private struct End: Hashable {
    let values: [Double]
    let slopes: [Double]
  }

  package init(_ call: SplineCall, _ knots: SplineKnots) {
    (self.call, self.knots) = (call, knots)
    let order = call.isNatural ? 4 : call.degree + 1
    let t =
      Array(repeating: knots.lower, count: order) + knots.interior
      + Array(repeating: knots.upper, count: order)
    (self.order, self.t) = (order, t)
    guard call.isNatural else {
      (map, ends) = (nil, [])
      return
    }
    let last = t.count - order - 1
    let places = [(knots.lower, order - 1), (knots.upper, last)]
    func derivative(_ d: Int, _ place: (x: Double, span: Int)) -> [Double] {
      Self.derivatives(t, order: order, d, at: place.x, span: place.span)
    }
    ends = places.map { End(values: derivative(0, $0), slopes: derivative(1, $0)) }
    let first = call.hasIntercept ? 0 : 1
    map = Self.naturalMap(places.map { Array(derivative(2, $0).dropFirst(first)) })
      .map { Array(repeating: 0, count: first) + $0 }
  }

  /// Columns.
  package var count: Int {
    let splines = t.count - order
    return call.isNatural ? map!.count : splines - (call.hasIntercept ? 0 : 1)
  }

  /// The columns at some values, column after column; NaN where a value is. Beyond the boundary the outer
  /// pieces go on, as straight lines of `ns()`.
  package func columns(_ values: [Double]) -> [[Double]] {
    var columns = [[Double]](
      repeating: [Double](repeating: 0, count: values.count), count: count)
    var local = [Double](repeating: 0, count: order)
    let skipped = call.hasIntercept ? 0 : 1
    for (row, x) in values.enumerated() {
      guard x.isFinite else {
        for k in columns.indices { columns[k][row] = .nan }
        continue
      }
      guard let map else {
        let first = splines(at: x, into: &local)
        for j in 0..<order where first + j >= skipped {
          columns[first + j - skipped][row] = local[j]
        }
        continue
      }
      if x < knots.lower || x > knots.upper {
        let (end, distance) =
          x < knots.lower ? (ends[0], x - knots.lower) : (ends[1], x - knots.upper)
        for k in columns.indices {
          var sum = 0.0
          for (j, weight) in map[k].enumerated() {
            sum += weight * (end.values[j] + distance * end.slopes[j])
          }
          columns[k][row] = sum
        }
        continue
      }
      let first = splines(at: x, into: &local)
      for k in columns.indices {
        var sum = 0.0
        for j in 0..<order { sum += map[k][first + j] * local[j] }
        columns[k][row] = sum
      }
    }
    return columns
  }

  /// The B-splines that are not zero at x, and the index of the first.
  private func splines(at x: Double, into local: inout [Double]) -> Int {
    let span = span(of: x)
    local[0] = 1
    for k in 1..<max(order, 1) {  // splines of order k + 1
      var saved = 0.0
      for j in 0..<k {
        let (right, left) = (t[span + 1 + j], t[span + 1 + j - k])
        let share = local[j] / (right - left)
        local[j] = saved + (right - x) * share
        saved = (x - left) * share
      }
      local[k] = saved
    }
    return span - order + 1
  }

  /// i with t[i] ≤ x < t[i + 1]; the outer pieces beyond the boundary, and the last one at its end.
  private func span(of x: Double) -> Int {
    var (low, high) = (order - 1, t.count - order)
    while high - low > 1 {
      let middle = (low + high) / 2
      if t[middle] <= x { low = middle } else { high = middle }
    }
    return low
  }

  /// The d-th derivatives of all B-splines of an order at a place in a span.
  private static func derivatives(
    _ t: [Double], order k: Int, _ d: Int, at x: Double, span: Int
  ) -> [Double] {
    guard k > 1 else { return (0..<t.count - 1).map { $0 == span && d == 0 ? 1 : 0 } }
    let lower = derivatives(t, order: k - 1, max(d - 1, 0), at: x, span: span)
    func over(_ value: Double, _ width: Double) -> Double { width > 0 ? value / width : 0 }
    return (0..<t.count - k).map { j in
      let (a, b) = (t[j + k - 1] - t[j], t[j + k] - t[j + 1])
      if d > 0 { return Double(k - 1) * (over(lower[j], a) - over(lower[j + 1], b)) }
      return over((x - t[j]) * lower[j], a) + over((t[j + k] - x) * lower[j + 1], b)
    }
  }

  /// The rows of Qᵀ behind the first two, for the two columns of C.
  private static func naturalMap(_ C: [[Double]]) -> [[Double]] {
    let m = C[0].count
    var columns = C
    var reflections: [[Double]] = []
    for l in 0..<2 {
      var v = columns[l]
      for i in 0..<l { v[i] = 0 }
      let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard norm > 0 else { continue }
      let signed = v[l] < 0 ? -norm : norm
      v = v.map { $0 / signed }
      v[l] += 1
      reflections.append(v)
      for j in l + 1..<2 { reflect(&columns[j], v, v[l]) }
    }
    // Column by column of the identity.
    var Q = (0..<m).map { i in (0..<m).map { $0 == i ? 1.0 : 0 } }
    for i in 0..<m {
      for (l, v) in reflections.enumerated() { reflect(&Q[i], v, v[l]) }
    }
    return (2..<m).map { row in (0..<m).map { Q[$0][row] } }
  }

  /// y − v vᵀy / pivot.
  private static func reflect(_ y: inout [Double], _ v: [Double], _ pivot: Double) {
    let factor = zip(v, y).reduce(0) { $0 + $1.0 * $1.1 } / pivot
    for i in y.indices { y[i] -= factor * v[i] }
  }
}
