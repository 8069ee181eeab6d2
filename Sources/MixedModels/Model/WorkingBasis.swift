// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// An orthonormal basis of a model's column space, in the metric of the cross-products.
///
/// With C the reported columns as combinations of raw ones and G the raw columns' Gram matrix, C =
/// B R and BᵀGB = I. Computations are done in B's coordinates, where A is well conditioned however
/// the user codes contrasts or centres covariates; R⁻¹ takes coefficients back. C enters through
/// its square root, never through CᵀGC, so only the condition of the columns is lost, not its
/// square.
struct WorkingBasis {
  /// raw × r.
  let B: DenseMatrix
  /// r × r, upper triangular.
  let R: DenseMatrix
  /// The columns of C that are kept; r of them.
  let kept: [Int]
  /// For every kept column how far rounding of the cross-products is magnified in its square.
  let loss: [Double]

  /// R's tolerance for aliased columns, here relative to a column's spread about its mean.
  private static let tolerance = 1e-7
  /// A spread smaller than this part of a column's size is rounding.
  private static let resolution = 1e-13
  /// A column is zero where this part of what it is made of, or less, is left.
  private static let zero = 1e-12

  /// - Parameters:
  ///   - constant: the raw column that is 1 in every row if the model contains an
  ///   intercept, so that a
  ///   column's spread, not its distance from zero, decides whether it depends on others.
  ///   - extended: the Gram matrix in more digits, if there are.
  ///   - whole: the Gram matrix before others, the constant among them, were taken out of the columns;
  ///   nil if none were. It decides what is left of a column.
  init(
    gram: DenseMatrix, extended: ExtendedMatrix? = nil, columns: DenseMatrix, constant: Int?,
    whole: DenseMatrix? = nil
  ) {
    let size = gram.rows
    let d = (0..<size).map { gram[$0, $0] > 0 ? gram[$0, $0].squareRoot() : 1 }
    var scaled = gram
    for i in 0..<size { for j in 0..<size { scaled[i, j] /= d[i] * d[j] } }
    let root = DenseCholesky.pivoted(scaled, relativeTolerance: 1e-14).factor  // G ≈ D L Lᵀ D
    // Columns in units of about their size, so that squares of huge and tiny ones are in range.
    let (columns, units) = Self.scaled(columns, d)
    var weighted = columns
    for i in 0..<size { for j in 0..<columns.columns { weighted[i, j] *= d[i] } }
    let Y = root.transposed * weighted  // YᵀY = CᵀGC

    let norms = Self.norms(Y)
    var spreads = norms
    if let constant {
      let rank = root.columns
      let ones = (0..<rank).map { root[constant, $0] * d[constant] }
      let square = ones.reduce(0) { $0 + $1 * $1 }
      var centred = Y
      for j in 0..<Y.columns {
        let mean = (0..<rank).reduce(0.0) { $0 + ones[$1] * Y[$1, j] } / square
        for i in 0..<rank { centred[i, j] -= mean * ones[i] }
      }
      spreads = Self.norms(centred)
      for j in 0..<Y.columns
      where spreads[j] <= 1e-8 * norms[j] && Self.isConstant(columns, j, constant) {
        spreads[j] = norms[j]
      }
    }
    let references =
      whole.map { Self.spreads(columns, $0) }
      ?? norms.indices.map { j in
        // Sizes are about 1: a number that is zero in a level, less its shift there.
        norms[j] <= Self.zero ? 1 : max(spreads[j], Self.resolution / Self.tolerance * norms[j])
      }
    let qr = ColumnOrderedQR(Y, tolerance: Self.tolerance, referenceNorms: references)
    kept = qr.kept

    var B = DenseMatrix(rows: size, columns: kept.count)
    for (k, j) in kept.enumerated() { for i in 0..<size { B[i, k] = columns[i, j] } }
    var R = qr.r
    DenseCholesky.solveUpperOnRight(R, &B)
    // What rounding left of BᵀGB − I is put into R.
    var product = extended?.projected(B, B).high ?? B.transposed * (gram * B)
    if (try? DenseCholesky.factorize(&product)) != nil {
      let correction = product.transposed
      DenseCholesky.solveUpperOnRight(correction, &B)
      R = correction * R
    }
    for (k, j) in kept.enumerated() { for i in 0...k { R[i, k] *= units[j] } }
    (self.B, self.R) = (B, R)
    let sizes = whole.map { Self.norms(whole: $0, gram) } ?? d
    loss = (0..<B.columns).map { LostDigits.factor(B.column($0), norms: sizes) }
  }

  /// Of the sum of some reported columns; nil if one of them was dropped, or there are none.
  func coordinates(ofSum columns: [Int]) -> [Double]? {
    let columns = Set(columns)
    guard !columns.isEmpty, columns.isSubset(of: kept) else { return nil }
    return R * kept.map { columns.contains($0) ? 1 : 0 }
  }

  /// Norms of raw columns, 0 for those of which others that were taken out leave nothing: no digits are lost with them.
  static func norms(whole: DenseMatrix, _ gram: DenseMatrix) -> [Double] {
    (0..<gram.rows).map { gram[$0, $0] > 0 ? max(whole[$0, $0], 0).squareRoot() : 0 }
  }

  /// Roots of the columns' squares about their means; raw column 0 is the constant.
  private static func spreads(_ columns: DenseMatrix, _ gram: DenseMatrix) -> [Double] {
    (0..<columns.columns).map { j in
      let image = gram * columns.column(j)
      let (square, sum) = (dot(columns.column(j), image), image[0])
      let spread = square - sum * (sum / gram[0, 0])
      return max(spread, resolution / tolerance * resolution / tolerance * square).squareRoot()
    }
  }

  /// The columns divided by powers of two, and those.
  private static func scaled(
    _ columns: DenseMatrix, _ d: [Double]
  ) -> (DenseMatrix, [Double]) {
    var scaled = columns
    let units = (0..<columns.columns).map { j -> Double in
      let largest = (0..<columns.rows).reduce(0) { max($0, abs(columns[$1, j]) * d[$1]) }
      guard largest.isNormal else { return 1 }
      return scalbn(1, Int32(ilogb(largest)))
    }
    for j in units.indices { for i in 0..<columns.rows { scaled[i, j] /= units[j] } }
    return (scaled, units)
  }

  private static func norms(_ a: DenseMatrix) -> [Double] {
    (0..<a.columns).map { j in
      (0..<a.rows).reduce(0) { $0 + a[$1, j] * a[$1, j] }.squareRoot()
    }
  }

  private static func isConstant(_ columns: DenseMatrix, _ j: Int, _ constant: Int) -> Bool {
    (0..<columns.rows).allSatisfy { ($0 == constant) == (columns[$0, j] != 0) }
  }
}
