// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import MixedModels

/// Points of a plane, counted in the cells of a hexagonal lattice, in one pass and bounded memory.
///
/// The first points are kept as they are and say how wide the cells must be. Where the rest turns
/// out to need too many cells, these are made twice as wide.
package struct HexagonalCounts: Sendable {
  /// So many points are kept, and drawn one by one where there are no more.
  package static let pointLimit = 3000
  private static let cellLimit = 4000
  private static let cellsAcross = 48.0
  private static let cellsUp = 40.0

  /// Centres are at origin + (column/2 · width, row · height), column and row both even or both
  /// odd.
  private struct Cell: Hashable {
    var column: Int
    var row: Int
  }

  package private(set) var points: [(x: Double, y: Double)] = []
  package private(set) var total = 0
  private var counts: [Cell: Int] = [:]
  /// From a cell to the next one in its row, and from a row to the next one.
  private var width = 0.0
  private var height = 0.0
  private var origin = (x: 0.0, y: 0.0)

  /// Whether there are too many points to be drawn one by one.
  package var isDense: Bool { total > Self.pointLimit }

  package init() {}

  /// Ignores what is not finite.
  package mutating func add(_ x: Double, _ y: Double) {
    guard x.isFinite, y.isFinite else { return }
    total += 1
    if !isDense {
      points.append((x, y))
      return
    }
    if width == 0 { chooseLattice() }
    count(x, y, 1)
  }

  private mutating func chooseLattice() {
    width = Self.spread(points.map(\.x)) / Self.cellsAcross
    height = Self.spread(points.map(\.y)) / Self.cellsUp
    origin = (Self.middle(points.map(\.x)), Self.middle(points.map(\.y)))
    for point in points { count(point.x, point.y, 1) }
  }

  /// A little more than the range of all but one in a hundred.
  private static func spread(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let tail = sorted.count / 200
    let inner = sorted[sorted.count - 1 - tail] - sorted[tail]
    if inner > 0 { return 1.3 * inner }
    let whole = sorted[sorted.count - 1] - sorted[0]
    return whole > 0 ? whole : max(abs(sorted[0]), 1) * 0.01
  }

  private static func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private mutating func count(_ x: Double, _ y: Double, _ times: Int) {
    while max(abs((x - origin.x) / width), abs((y - origin.y) / height)) > 1e6 { widen() }
    counts[cell(x, y), default: 0] += times
    if counts.count > Self.cellLimit { widen() }
  }

  private mutating func widen() {
    let cells = self.cells
    (width, height) = (2 * width, 2 * height)
    counts = [:]
    for (x, y, times) in cells { counts[cell(x, y), default: 0] += times }
  }

  /// The nearest centre, where a step along a row is 1 and rows are √3/2 apart.
  private func cell(_ x: Double, _ y: Double) -> Cell {
    let (u, v) = ((x - origin.x) / width, (y - origin.y) / height)
    let even = Cell(column: 2 * Int(u.rounded()), row: 2 * Int((v / 2).rounded()))
    let odd = Cell(
      column: 2 * Int(u.rounded(.down)) + 1, row: 2 * Int((v / 2).rounded(.down)) + 1)
    func distance(_ cell: Cell) -> Double {
      let (du, dv) = (u - Double(cell.column) / 2, v - Double(cell.row))
      return du * du + 0.75 * dv * dv
    }
    return distance(even) <= distance(odd) ? even : odd
  }

  /// Centres and counts of the cells with points, none while all points are kept.
  package var cells: [(x: Double, y: Double, count: Int)] {
    counts.sorted { ($0.key.row, $0.key.column) < ($1.key.row, $1.key.column) }
      .map {
        (
          origin.x + Double($0.key.column) / 2 * width, origin.y + Double($0.key.row) * height,
          $0.value
        )
      }
  }

  /// The corners of a cell around its centre, the first one again at the end.
  package func outline(_ x: Double, _ y: Double) -> [[Double]] {
    let (a, b) = (width / 2, height / 3)
    return [(0, 2 * b), (a, b), (a, -b), (0, -2 * b), (-a, -b), (-a, b), (0, 2 * b)].map {
      [x + $0.0, y + $0.1]
    }
  }

  /// The mean of y along x, where there are enough points to tell.
  var means: [(x: Double, y: Double)] {
    guard isDense else { return Self.means(ofSorted: points.sorted { $0.x < $1.x }) }
    var sums: [Int: (y: Double, count: Int)] = [:]
    for (cell, times) in counts {
      let column = (Double(cell.column) / 2).rounded(.down)
      let sum = sums[Int(column), default: (0, 0)]
      sums[Int(column)] = (sum.y + Double(cell.row * times) * height, sum.count + times)
    }
    let least = max(50, total / 2000)
    return sums.filter { $0.value.count >= least }.sorted { $0.key < $1.key }.map {
      (
        origin.x + (Double($0.key) + 0.25) * width, origin.y + $0.value.y / Double($0.value.count)
      )
    }
  }

  /// Straight lines through the nearest points, weighted by their distance (Cleveland 1979, JASA 74:829):
  /// two thirds of a few points, fewer of many, so that what is left of the noise is about the same.
  private static func means(ofSorted points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    let n = points.count
    guard n >= 20, points[0].x < points[n - 1].x else { return [] }
    let near = min(n, max(20, Int(2 / 3 * Double(n) * pow(50 / Double(max(n, 50)), 0.25))))
    return (0...60).compactMap { step in
      let rank = min(n - 1, step * (n - 1) / 60)
      let x = points[rank].x
      var first = max(0, min(n - near, rank - near / 2))
      // The window of the nearest points.
      while first > 0, x - points[first - 1].x < points[first + near - 1].x - x { first -= 1 }
      while first + near < n, points[first + near].x - x < x - points[first].x { first += 1 }
      let window = points[first..<first + near]
      let width = max(x - points[first].x, points[first + near - 1].x - x)
      guard width > 0 else { return nil }
      return (x, lineValue(window, at: x, width: width))
    }
  }

  /// The value at x of the line through points with tricube weights.
  private static func lineValue(
    _ points: ArraySlice<(x: Double, y: Double)>, at x: Double, width: Double
  ) -> Double {
    var (w0, wx, wy, wxx, wxy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for point in points {
      let d = point.x - x
      let u = min(abs(d) / width, 1)
      let w = pow(1 - u * u * u, 3) + 1e-9
      w0 += w
      wx += w * d
      wy += w * point.y
      wxx += w * d * d
      wxy += w * d * point.y
    }
    let determinant = w0 * wxx - wx * wx
    return determinant > 1e-12 * w0 * wxx ? (wxx * wy - wx * wxy) / determinant : wy / w0
  }
}
