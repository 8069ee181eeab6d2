// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Working columns of X turned, so that one coefficient is a multiple of the last one's.
///
/// A reported coefficient is vᵀβ̃ of the working ones, v = R⁻ᵀe. With the last new column along v
/// and the others orthogonal to it, vᵀβ̃ = |v| γ for that column's γ.
struct CoefficientTurn {
  /// The new columns of [X y] from the old ones, (p + 1) × (p + 1).
  let map: DenseMatrix
  /// |v|, in units of the response.
  private let length: Double
  /// What the response still has of the coefficient, less the coefficient.
  private let offset: Double

  /// - Parameters:
  ///   - index: Of the coefficient among the kept columns.
  ///   - residualCoefficients: β as far as the response still has it, in working coordinates and units of the
  ///     response.
  init(_ fixed: FixedCoordinates, index: Int, estimate: Double, _ residualCoefficients: [Double]) {
    let p = residualCoefficients.count
    var e = [Double](repeating: 0, count: p)
    e[index] = 1
    let v = fixed.workingRow(e)
    length = euclideanNorm(v) * fixed.responseScale
    offset = dot(v, residualCoefficients) - estimate
    // v first: the others are what it leaves of the unit vectors.
    var columns = DenseMatrix(rows: p, columns: p + 1)
    for i in 0..<p {
      columns[i, 0] = v[i] / euclideanNorm(v)
      columns[i, i + 1] = 1
    }
    let basis = ColumnOrderedQR(columns, tolerance: 1e-8).q
    var map = DenseMatrix(rows: p + 1, columns: p + 1)
    for j in 0..<p { for i in 0..<p { map[i, (j + p - 1) % p] = basis[i, j] } }
    map[p, p] = 1
    self.map = map
  }

  /// From the new columns to those without the last one of X, and with what it contributes taken off the
  /// response, (p + 1) × p.
  func holding(_ value: Double) -> DenseMatrix {
    let p = map.rows - 1
    var map = DenseMatrix(rows: p + 1, columns: p)
    for k in 0..<p - 1 { map[k, k] = 1 }
    map[p - 1, p - 1] = -(value + offset) / length
    map[p, p - 1] = 1
    return map
  }
}
