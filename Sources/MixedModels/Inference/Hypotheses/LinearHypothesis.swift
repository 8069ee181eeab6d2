// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// Lβ = c in working coordinates, brought to orthonormal rows: only the set of β that obeys it
/// counts.
package struct LinearHypothesis: Sendable {
  /// p × r, orthonormal columns that span the rows of L.
  package let basis: DenseMatrix
  /// p × r: the rows of L as they were given, without those that depend on earlier ones.
  let given: DenseMatrix
  /// r values of basisᵀβ under the hypothesis.
  package let values: [Double]

  /// r.
  package var rank: Int { basis.columns }

  /// From `rows` = L, k × p, in working coordinates; rows that depend on earlier ones count once.
  ///
  /// - Throws: `InferenceError.contradiction` where dependent rows ask for different values.
  package init(rows: DenseMatrix, values: [Double]? = nil) throws {
    let norms = (0..<rows.rows).map { i in
      euclideanNorm((0..<rows.columns).map { rows[i, $0] })
    }
    var transposed = rows.transposed
    for j in norms.indices where norms[j] > 0 {
      for i in 0..<transposed.rows { transposed[i, j] /= norms[j] }
    }
    let qr = ColumnOrderedQR(
      transposed, tolerance: 1e-9, referenceNorms: norms.map { $0 > 0 ? 1 : 0 })
    basis = qr.q
    given = rows.transposed.submatrix(rows: Array(0..<rows.columns), columns: qr.kept)
    let wanted = norms.indices.map {
      norms[$0] > 0 ? (values?[$0] ?? 0) / norms[$0] : values?[$0] ?? 0
    }
    var kept = qr.kept.map { wanted[$0] }
    let scale = wanted.reduce(0) { max($0, abs($1)) }
    for (index, row) in qr.dropped.enumerated() {
      let implied = dot(qr.coefficients(ofDropped: index), kept)
      guard abs(implied - wanted[row]) <= 1e-8 * scale else {
        throw InferenceError.contradiction(row: row + 1)
      }
    }
    DenseCholesky.solveUpperTransposed(qr.r, &kept)
    self.values = kept
  }

  /// basisᵀβ − values.
  package func deviation(_ β: [Double]) -> [Double] {
    zip(basis.multipliedByTransposeOnLeft(β), values).map { $0 - $1 }
  }
}
