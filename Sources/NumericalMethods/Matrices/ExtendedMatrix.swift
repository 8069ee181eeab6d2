// SPDX-License-Identifier: GPL-2.0-or-later

/// a b = value + error exactly, but for underflow.
@inline(__always)
package func exactProduct(_ a: Double, _ b: Double) -> (value: Double, error: Double) {
  let value = a * b
  return (value, (-value).addingProduct(a, b))
}

/// a + b = value + error exactly (Knuth's two-sum).
@inline(__always)
package func exactSum(_ a: Double, _ b: Double) -> (value: Double, error: Double) {
  let value = a + b
  let other = value - a
  return (value, (a - (value - other)) + (b - other))
}

/// A sum in twice the digits of a double: `value` + `error` (Ogita, Rump & Oishi 2005, SIAM Journal on
/// Scientific Computing 26, 1955–1988).
package struct ExtendedSum: Sendable {
  package private(set) var value = 0.0
  package private(set) var error = 0.0

  package init() {}

  /// Adds a b.
  @inline(__always)
  package mutating func add(_ a: Double, times b: Double) {
    let product = exactProduct(a, b)
    let sum = exactSum(value, product.value)
    value = sum.value
    error += sum.error + product.error
  }

  /// Both parts with the smaller one as small as it can be.
  package var normalized: (value: Double, error: Double) { exactSum(value, error) }
}

/// A matrix in twice the digits of a double: `high` + `low`.
package struct ExtendedMatrix: Sendable {
  package var high: DenseMatrix
  package var low: DenseMatrix

  package init(high: DenseMatrix, low: DenseMatrix) { (self.high, self.low) = (high, low) }

  /// Bᵀ self C, in all those digits.
  package func projected(_ B: DenseMatrix, _ C: DenseMatrix) -> ExtendedMatrix {
    precondition(B.rows == high.rows && C.rows == high.columns)
    var result = ExtendedMatrix(
      high: DenseMatrix(rows: B.columns, columns: C.columns),
      low: DenseMatrix(rows: B.columns, columns: C.columns))
    for j in 0..<C.columns {
      let image = product(C.column(j))
      for i in 0..<B.columns {
        var sum = ExtendedSum()
        for k in 0..<B.rows where B[k, i] != 0 {
          sum.add(B[k, i], times: image[k].value)
          sum.add(B[k, i], times: image[k].error)
        }
        (result.high[i, j], result.low[i, j]) = sum.normalized
      }
    }
    return result
  }

  /// self x.
  private func product(_ x: [Double]) -> [(value: Double, error: Double)] {
    (0..<high.rows).map { i in
      var sum = ExtendedSum()
      for k in x.indices where x[k] != 0 {
        sum.add(high[i, k], times: x[k])
        sum.add(low[i, k], times: x[k])
      }
      return sum.normalized
    }
  }

  package func submatrix(rows: [Int], columns: [Int]) -> ExtendedMatrix {
    ExtendedMatrix(
      high: high.submatrix(rows: rows, columns: columns),
      low: low.submatrix(rows: rows, columns: columns))
  }
}
