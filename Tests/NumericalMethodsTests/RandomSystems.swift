// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import TestSupport

/// A random sparse symmetric positive definite system, diagonally dominant.
struct SparseSystem {
  let pattern: SymmetricPattern
  var values: [Double]

  init(size: Int, density: Double, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var rows = [[Int]](repeating: [], count: size)
    for j in 0..<size {
      rows[j] =
        [j]
        + (j + 1..<max(size, j + 1)).filter { _ in
          Double.random(in: 0..<1, using: &random) < density
        }
    }
    self.init(rows: rows, &random)
  }

  /// Two crossed factors of `a` and `b` levels with `observations` random pairs, then `tail`
  /// dense rows: the shape of a mixed model's equations.
  init(crossing a: Int, _ b: Int, observations: Int, tail: Int, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var partners = [Set<Int>](repeating: [], count: a)
    for _ in 0..<observations {
      partners[Int.random(in: 0..<a, using: &random)]
        .insert(a + Int.random(in: 0..<b, using: &random))
    }
    let size = a + b + tail
    let rows = (0..<size).map { j in
      [j] + (j < a ? partners[j].sorted() : []) + Array(max(a + b, j + 1)..<max(size, j + 1))
    }
    self.init(rows: rows, &random)
  }

  private init(rows: [[Int]], _ random: inout SplitMix64) {
    var starts = [0]
    for column in rows { starts.append(starts.last! + column.count) }
    pattern = SymmetricPattern(
      size: rows.count, columnStarts: starts, rowIndices: rows.flatMap { $0 })
    values = []
    values = Self.values(pattern, &random)
  }

  init(pattern: SymmetricPattern, values: [Double]) {
    self.pattern = pattern
    self.values = values
  }

  static func values(_ pattern: SymmetricPattern, _ random: inout SplitMix64) -> [Double] {
    var values = pattern.rowIndices.map { _ in random.symmetric() }
    var sums = [Double](repeating: 0, count: pattern.size)
    for j in 0..<pattern.size {
      for e in pattern.columnStarts[j] + 1..<pattern.columnStarts[j + 1] {
        sums[j] += abs(values[e])
        sums[pattern.rowIndices[e]] += abs(values[e])
      }
    }
    for j in 0..<pattern.size {
      values[pattern.columnStarts[j]] = sums[j] + 0.5 + abs(values[pattern.columnStarts[j]])
    }
    return values
  }

  /// In a fill-reducing order.
  func ordered() throws -> SparseSystem {
    let (permuted, source) = pattern.permuted(by: try fillReducingOrder(pattern))
    return SparseSystem(pattern: permuted, values: source.map { values[$0] })
  }

  var dense: DenseMatrix {
    var a = DenseMatrix(rows: pattern.size, columns: pattern.size)
    for j in 0..<pattern.size {
      for e in pattern.columnStarts[j]..<pattern.columnStarts[j + 1] {
        a[pattern.rowIndices[e], j] = values[e]
        a[j, pattern.rowIndices[e]] = values[e]
      }
    }
    return a
  }
}

func randomMatrix(_ rows: Int, _ columns: Int, seed: UInt64) -> DenseMatrix {
  var random = SplitMix64(seed: seed)
  return DenseMatrix(
    rows: rows, columns: columns, storage: (0..<rows * columns).map { _ in random.symmetric() })
}
