// SPDX-License-Identifier: GPL-2.0-or-later

/// The singular values of a small matrix, descending, by one-sided Jacobi rotations (Hestenes 1958):
/// small ones have relative accuracy, too, which the eigenvalues of AᵀA have not.
package func singularValues(_ a: DenseMatrix) -> [Double] {
  var a = a
  for _ in 0..<60 {
    var isDone = true
    for j in 1..<max(a.columns, 1) {
      for i in 0..<j where a.orthogonalize(i, j) { isDone = false }
    }
    if isDone { break }
  }
  return (0..<a.columns).map { euclideanNorm(a.column($0)) }.sorted(by: >)
}

extension DenseMatrix {
  /// Rotates two columns so that they are orthogonal; false if they are.
  fileprivate mutating func orthogonalize(_ i: Int, _ j: Int) -> Bool {
    let (x, y) = (column(i), column(j))
    let (xx, yy, xy) = (dot(x, x), dot(y, y), dot(x, y))
    guard abs(xy) > 1e-15 * (xx * yy).squareRoot() else { return false }
    let ζ = (yy - xx) / (2 * xy)
    let t = (ζ < 0 ? -1 : 1) / (abs(ζ) + (1 + ζ * ζ).squareRoot())
    let c = 1 / (1 + t * t).squareRoot()
    let s = c * t
    for k in 0..<rows {
      self[k, i] = c * x[k] - s * y[k]
      self[k, j] = s * x[k] + c * y[k]
    }
    return true
  }
}
