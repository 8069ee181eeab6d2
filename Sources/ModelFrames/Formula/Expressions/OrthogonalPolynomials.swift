// SPDX-License-Identifier: GPL-2.0-or-later

/// Polynomials that are orthonormal over equally spaced points: R's `contr.poly`.
package enum OrthogonalPolynomials {
  /// R's limit.
  static let maximumLevels = 95

  /// The polynomials of degree 1 … `count` − 1 over `count` points, or of degrees up to `degree`, each
  /// with a positive leading coefficient and norm 1.
  ///
  /// Each is x times the one before, made orthogonal to all before. That is done twice, which
  /// keeps the columns orthogonal to rounding error (Giraud, Langou & Rozložník 2005,
  /// doi:10.1016/j.camwa.2005.08.009).
  package static func equallySpaced(_ count: Int, degree: Int = .max) -> [[Double]] {
    let centre = Double(count - 1) / 2
    let points = (0..<count).map { Double($0) - centre }
    var polynomials = [[Double](repeating: 1 / Double(count).squareRoot(), count: count)]
    while polynomials.count < count, polynomials.count <= degree {
      var next = zip(points, polynomials[polynomials.count - 1]).map { $0 * $1 / (centre + 1) }
      for _ in 0..<2 {
        for other in polynomials {
          let projection = zip(next, other).reduce(0) { $0 + $1.0 * $1.1 }
          for row in next.indices { next[row] -= projection * other[row] }
        }
      }
      let norm = next.reduce(0) { $0 + $1 * $1 }.squareRoot()
      polynomials.append(next.map { $0 / norm })
    }
    return Array(polynomials.dropFirst())
  }
}
