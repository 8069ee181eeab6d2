// SPDX-License-Identifier: GPL-2.0-or-later
import CCholmod
import Glibc

/// Where CHOLMOD keeps the entries of a supernodal factor.
///
/// Supernode s is columns `first[s]..<first[s + 1]`; its rows, ascending and beginning with
/// these columns, are `rows[rowStarts[s]..<rowStarts[s + 1]]`; its entries, a dense column-major
/// block with garbage above the diagonal, begin at `values[valueStarts[s]]`.
struct SupernodeArrays {
  let count: Int
  let first: UnsafePointer<Int>
  let rowStarts: UnsafePointer<Int>
  let valueStarts: UnsafePointer<Int>
  let rows: UnsafePointer<Int>
  let values: UnsafePointer<Double>

  init(_ factor: cholmod_factor) {
    count = factor.nsuper
    first = UnsafePointer(factor.super.assumingMemoryBound(to: Int.self))
    rowStarts = UnsafePointer(factor.pi.assumingMemoryBound(to: Int.self))
    valueStarts = UnsafePointer(factor.px.assumingMemoryBound(to: Int.self))
    rows = UnsafePointer(factor.s.assumingMemoryBound(to: Int.self))
    values = UnsafePointer(factor.x.assumingMemoryBound(to: Double.self))
  }
}

/// Where CHOLMOD keeps the entries of a simplicial factor, ascending rows in each column.
struct ColumnArrays {
  let starts: UnsafePointer<Int>
  let counts: UnsafePointer<Int>
  let rows: UnsafePointer<Int>
  let values: UnsafePointer<Double>

  init(_ factor: cholmod_factor) {
    starts = UnsafePointer(factor.p.assumingMemoryBound(to: Int.self))
    counts = UnsafePointer(factor.nz.assumingMemoryBound(to: Int.self))
    rows = UnsafePointer(factor.i.assumingMemoryBound(to: Int.self))
    values = UnsafePointer(factor.x.assumingMemoryBound(to: Double.self))
  }
}

extension SparseCholesky {
  /// L(i, i), after a factorization.
  package func diagonal(_ i: Int) -> Double {
    precondition(i >= 0 && i < size && factor.pointee.xtype == CHOLMOD_REAL)
    if !isSupernodal {
      let columns = ColumnArrays(factor.pointee)
      return columns.values[columns.starts[i]]
    }
    let blocks = SupernodeArrays(factor.pointee)
    let s = supernodeOfColumn[i]
    let height = blocks.rowStarts[s + 1] - blocks.rowStarts[s]
    return blocks.values[blocks.valueStarts[s] + (i - blocks.first[s]) * (height + 1)]
  }

  /// 2 Σ log L(i, i) over `range`.
  ///
  /// Over `0..<k` this is log |A₁₁| of the leading k × k block; over `k..<n` log |A/A₁₁| of its
  /// Schur complement. The sum is compensated (Neumaier 1974): its error does not grow with n.
  package func logDeterminant(_ range: Range<Int>) -> Double {
    precondition(isFactorized && range.lowerBound >= 0 && range.upperBound <= size)
    var (sum, lost) = (0.0, 0.0)
    for i in range {
      let term = log(diagonal(i))
      let next = sum + term
      lost += abs(sum) >= abs(term) ? (sum - next) + term : (term - next) + sum
      sum = next
    }
    return 2 * (sum + lost)
  }

  /// L(first..<n, first..<n), dense and lower triangular.
  package func trailingBlock(from first: Int) -> DenseMatrix {
    precondition(isFactorized && first >= 0 && first <= size)
    var result = DenseMatrix(rows: size - first, columns: size - first)
    for j in first..<size {
      forEachEntry(ofColumn: j) { i, value in result[i - first, j - first] = value }
    }
    return result
  }

  /// Calls `body` with the row and value of each entry of L(:, j), beginning at the diagonal.
  package func forEachEntry(ofColumn j: Int, _ body: (_ row: Int, _ value: Double) -> Void) {
    precondition(isFactorized && j >= 0 && j < size)
    if !isSupernodal {
      let columns = ColumnArrays(factor.pointee)
      for e in columns.starts[j]..<columns.starts[j] + columns.counts[j] {
        body(columns.rows[e], columns.values[e])
      }
      return
    }
    let blocks = SupernodeArrays(factor.pointee)
    let s = supernodeOfColumn[j]
    let (begin, end) = (blocks.rowStarts[s], blocks.rowStarts[s + 1])
    let column = j - blocks.first[s]
    let offset = blocks.valueStarts[s] + column * (end - begin)
    for k in column..<end - begin { body(blocks.rows[begin + k], blocks.values[offset + k]) }
  }
}
