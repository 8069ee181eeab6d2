// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The columns that one factor's levels have, the constant 1 and numbers c₁, c₂, …, turned level by level into columns q
/// that are orthogonal to each other: (1, c) = qR with R upper triangular and 1 on its diagonal.
///
/// Effects d of (1, c) are effects w = Rd of q. What q has of a number is what varies within the level, so that years or
/// other numbers far from zero cost no digits. A column that is a combination of its level's earlier ones, such as a number
/// that does not vary there, is redundant, and has no effect in both.
struct ColumnsWithinLevels: Sendable {
  let levelCount: Int
  let columnCount: Int
  /// Column after column, level after level.
  private(set) var isRedundant: [Bool]
  /// Level after level, columnCount × columnCount, by rows.
  private var R: [Double]

  /// A column is a combination where no more than this is left of its square; R takes 1e-7 of its norm.
  private static let tolerance = 1e-13

  /// Turns sums of columns u = c − shift, and what they have with others.
  ///
  /// - Parameters:
  ///   - squares: Of every column's levels; of turned ones afterwards.
  ///   - pairs: Between columns, numbered from 0; zero afterwards.
  ///   - b: DᵀW[y X], columns' levels × any.
  ///   - shifts: Of every column.
  init(
    _ squares: inout [[Double]], _ pairs: inout [CoOccurrence], _ b: inout DenseMatrix, shifts: [Double]
  ) {
    let (count, m) = (squares[0].count, squares.count)
    (levelCount, columnCount) = (count, m)
    R = [Double](repeating: 0, count: count * m * m)
    isRedundant = [Bool](repeating: false, count: count * m)
    for pair in pairs {
      for (place, level) in pair.rowLevels.enumerated() {
        R[(Int(level) * m + pair.rowGroup) * m + pair.columnGroup] = pair.blocks[place]
      }
    }
    for level in 0..<count {
      func at(_ j: Int, _ k: Int) -> Int { (level * m + j) * m + k }
      for k in 0..<m {
        var rest = squares[k][level]
        // Products u_jᵀu_k become those of q_j and u_k, and then shares.
        for j in 0..<k {
          guard !isRedundant[j * count + level] else {
            R[at(j, k)] = 0
            continue
          }
          for i in 0..<j { R[at(j, k)] -= R[at(i, j)] * R[at(i, k)] * squares[i][level] }
          R[at(j, k)] /= squares[j][level]
          rest -= R[at(j, k)] * R[at(j, k)] * squares[j][level]
        }
        R[at(k, k)] = 1
        // Of the number itself, with what was taken off it.
        let whole = squares[k][level] + (k > 0 ? shifts[k] * shifts[k] * squares[0][level] : 0)
        if k > 0, rest <= Self.tolerance * whole {
          isRedundant[k * count + level] = true
        } else {
          squares[k][level] = rest
        }
      }
      for c in 0..<b.columns {
        for k in 1..<m {
          for j in 0..<k { b[k * count + level, c] -= R[at(j, k)] * b[j * count + level, c] }
          if isRedundant[k * count + level] { b[k * count + level, c] = 0 }
        }
      }
      for k in 1..<m { R[at(0, k)] += shifts[k] }
    }
    pairs = pairs.map { $0.with($0.blocks.map { _ in 0 }) }
    self.shifts = shifts
  }

  private let shifts: [Double]

  private func share(_ level: Int, _ j: Int, _ k: Int) -> Double { R[(level * columnCount + j) * columnCount + k] }

  /// Pairs of other levels with columns u as pairs with q.
  ///
  /// - Parameter pairs: Of one group, with every column.
  func turned(_ pairs: [CoOccurrence]) -> [CoOccurrence] {
    var turned = pairs.map(\.blocks)
    for k in 1..<columnCount {
      let size = pairs[k].blocks.count / max(pairs[k].rowLevels.count, 1)
      for (place, l) in pairs[k].columnLevels.enumerated() {
        let (level, own) = (Int(l), place * size..<(place + 1) * size)
        for j in 0..<k {
          let factor = share(level, j, k) - (j == 0 ? shifts[k] : 0)
          for i in own { turned[k][i] -= factor * turned[j][i] }
        }
        if isRedundant[k * levelCount + level] { for i in own { turned[k][i] = 0 } }
      }
    }
    return zip(pairs, turned).map { $0.with($1) }
  }

  /// w = Rd for columns d, columns' levels × any.
  func working(_ d: DenseMatrix) -> DenseMatrix {
    var w = d
    forEach(d.columns) { level, c, at in
      for k in 1..<columnCount { for j in 0..<k { w[at(j), c] += share(level, j, k) * d[at(k), c] } }
    }
    return w
  }

  /// d = R⁻¹w for columns w.
  func effects(_ w: DenseMatrix) -> DenseMatrix {
    var d = w
    forEach(d.columns) { level, c, at in
      for k in (1..<columnCount).reversed() {
        for j in 0..<k { d[at(j), c] -= share(level, j, k) * d[at(k), c] }
      }
    }
    return d
  }

  /// R⁻ᵀf: functions fᵀd of the effects d as functions of w.
  func functions(_ f: DenseMatrix) -> DenseMatrix {
    var g = f
    forEach(g.columns) { level, c, at in
      for k in 1..<columnCount { for j in 0..<k { g[at(k), c] -= share(level, j, k) * g[at(j), c] } }
    }
    return g
  }

  private func forEach(_ columns: Int, _ body: (_ level: Int, _ column: Int, _ at: (Int) -> Int) -> Void) {
    for c in 0..<columns {
      for level in 0..<levelCount { body(level, c) { $0 * levelCount + level } }
    }
  }

  /// d's variances where w has the covariances C.
  ///
  /// - Parameters:
  ///   - own: C's diagonal, column after column, level after level.
  ///   - joint: Of a level's columns j < k, level after level, (0, 1), (0, 2), (1, 2), …
  func variances(_ own: [Double], joint: [Double]) -> [Double] {
    let (m, pairCount) = (columnCount, columnCount * (columnCount - 1) / 2)
    var result = own
    for level in 0..<levelCount {
      var C = DenseMatrix(rows: m, columns: m)
      for k in 0..<m {
        C[k, k] = own[k * levelCount + level]
        for j in 0..<k {
          C[j, k] = joint[level * pairCount + k * (k - 1) / 2 + j]
          C[k, j] = C[j, k]
        }
      }
      for row in 0..<m {
        // The row of R⁻¹: R⁻ᵀ of a unit vector.
        var r = [Double](repeating: 0, count: m)
        r[row] = 1
        for k in 1..<m { for j in 0..<k { r[k] -= share(level, j, k) * r[j] } }
        result[row * levelCount + level] = dot(r, C * r)
      }
    }
    return result
  }

  /// The scalars of `joint` in `variances`, as places in the columns' levels.
  var jointPlaces: [(Int, Int)] {
    (0..<levelCount).flatMap { level in
      (1..<columnCount).flatMap { k in (0..<k).map { ($0 * levelCount + level, k * levelCount + level) } }
    }
  }
}
