// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

extension RelativeCovariance.Block {
  /// λ of the reported columns from λ̃ of the working ones.
  func reported(_ working: DenseMatrix) -> DenseMatrix {
    let rows = solveR(working)
    var λ = rows.lowerTriangularFactor
    // In units of the working columns; solving and rotating leave some 1e-17 of a zero.
    let order = columnOrder
    let norms = (0..<rank).map { i in
      abs(R[i, order[i]])
        * (0..<rows.columns).reduce(0) { $0 + rows[order[i], $1] * rows[order[i], $1] }.squareRoot()
    }
    let least = 1e-14 * (norms.max() ?? 0)
    for i in norms.indices where norms[i] < least {
      for j in 0..<λ.columns { λ[order[i], j] = 0 }
    }
    return λ
  }

  /// R⁻¹ a.
  package func solveR(_ a: DenseMatrix) -> DenseMatrix {
    let order = columnOrder
    var x = a
    for j in 0..<x.columns {
      for i in stride(from: size - 1, through: 0, by: -1) {
        for k in (i + 1)..<max(size, i + 1) { x[i, j] -= R[i, order[k]] * x[k, j] }
        x[i, j] /= R[i, order[i]]
      }
    }
    guard rank < size else { return x }
    var result = x
    for j in 0..<x.columns { for i in 0..<size { result[order[i], j] = x[i, j] } }
    return result
  }

  /// The reported columns that have effects, ascending.
  var freeColumns: [Int] {
    rank < size ? Array(columnOrder.prefix(rank)).sorted() : Array(0..<size)
  }

  /// The block of the columns that have effects: the same entries of φ, by leading working columns.
  var freeBlock: RelativeCovariance.Block {
    guard rank < size else { return self }
    return RelativeCovariance.Block(
      group: group, offset: offset, size: rank,
      R: R.submatrix(rows: Array(0..<rank), columns: freeColumns))
  }

  /// The reported columns in the order that makes R triangular: column k is zero below row k.
  private var columnOrder: [Int] {
    guard rank < size else { return Array(0..<size) }
    func height(_ j: Int) -> Int { (0..<size).last { R[$0, j] != 0 } ?? 0 }
    return (0..<size).sorted { height($0) < height($1) }
  }
}
