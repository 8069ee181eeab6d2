// SPDX-License-Identifier: GPL-2.0-or-later

extension DenseMatrix {
  /// The inverse of a symmetric, positive semidefinite matrix, n × n, on the directions in which it is not
  /// zero but for rounding.
  ///
  /// Scaled to a unit diagonal first, so that it does not depend on the coordinates' units.
  ///
  /// - Parameters:
  ///   - cut: Eigenvalues of the scaled matrix below this share of the largest count as zero.
  ///   - units: Of the coordinates: where a diagonal entry in these is nothing (10⁻¹⁴) beside the
  ///     largest, its coordinate is left out; nil: only those without a positive entry.
  package func pseudoInverse(cut: Double, units: [Double]? = nil) -> DenseMatrix {
    let sizes = zip(diagonal, units ?? diagonal.map { _ in 1 }).map { $0 * $1 * $1 }
    let least = units == nil ? 0 : 1e-14 * (sizes.max() ?? 0)
    let scales = zip(diagonal, sizes).map { $1 > least ? 1 / $0.squareRoot() : 0 }
    var scaled = self
    for j in 0..<columns { for i in 0..<rows { scaled[i, j] *= scales[i] * scales[j] } }
    let (values, vectors) = symmetricEigenvectors(scaled)
    let limit = cut * (values.last ?? 0)
    var half = vectors
    for (k, value) in values.enumerated() {
      let factor = value > limit ? 1 / value.squareRoot() : 0
      for i in 0..<rows { half[i, k] *= factor * scales[i] }
    }
    return half.multipliedByTransposeOnRight(half)
  }
}
