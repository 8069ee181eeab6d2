// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

extension DenseMatrix {
  /// The lower triangular L with LLᵀ = self · selfᵀ and a diagonal ≥ 0, by Givens rotations of
  /// columns (exact for singular matrices too). A triangular matrix is returned as it is, up to
  /// signs.
  package var lowerTriangularFactor: DenseMatrix { lowerTriangularRotation.L }

  /// The same, with the orthogonal Q for which L = self · Q.
  var lowerTriangularRotation: (L: DenseMatrix, Q: DenseMatrix) {
    var (L, Q) = (self, DenseMatrix.identity(columns))
    for i in 0..<rows {
      for j in stride(from: columns - 1, to: i, by: -1) where L[i, j] != 0 {
        let r = (L[i, i] * L[i, i] + L[i, j] * L[i, j]).squareRoot()
        let (c, s) = (L[i, i] / r, L[i, j] / r)
        for k in i..<rows { L.rotate(row: k, i, j, c, s) }
        for k in 0..<columns { Q.rotate(row: k, i, j, c, s) }
        L[i, j] = 0
      }
      if L[i, i] < 0 {
        for k in i..<rows { L[k, i] = -L[k, i] }
        for k in 0..<columns { Q[k, i] = -Q[k, i] }
      }
    }
    return (L, Q)
  }

  private mutating func rotate(row k: Int, _ i: Int, _ j: Int, _ c: Double, _ s: Double) {
    let (a, b) = (self[k, i], self[k, j])
    self[k, i] = c * a + s * b
    self[k, j] = c * b - s * a
  }
}
