// SPDX-License-Identifier: GPL-2.0-or-later
import COpenBLAS
import Glibc

/// A dense matrix that had to be positive definite is not, to working precision.
package struct NotPositiveDefinite: Error, Equatable, CustomStringConvertible {
  /// The order of the first leading block that is not positive definite, less one.
  package let column: Int

  package init(column: Int) { self.column = column }

  package var description: String {
    "the matrix is not positive definite: the factorization broke down in column \(column + 1)"
  }
}

/// Cholesky factorizations A = L Lᵀ of dense symmetric matrices (LAPACK `potrf`, `pstrf`).
package enum DenseCholesky {
  /// Overwrites `a`, n × n, of which only the lower triangle is read, with L; above it zeros.
  ///
  /// - Throws: `NotPositiveDefinite` at the first pivot that is not positive, or not finite. What
  ///   `a` then holds is of no use.
  package static func factorize(_ a: inout DenseMatrix) throws(NotPositiveDefinite) {
    precondition(a.rows == a.columns)
    let n = a.rows
    guard n > 0 else { return }
    var info: lapack_integer = 0
    var order = lapack_integer(n)
    var stride = order
    dpotrf_("L", &order, &a.storage, &stride, &info, 1)
    if info > 0 { throw NotPositiveDefinite(column: Int(info) - 1) }
    // Not every LAPACK stops at NaN: whether NaN ≤ 0 is tested or its negation differs.
    for j in 0..<n where !(a[j, j] > 0 && a[j, j].isFinite) { throw NotPositiveDefinite(column: j) }
    a.clearUpperTriangle()
  }

  /// log |A| = 2 Σ log L(i, i) from the factor L.
  package static func logDeterminant(factor: DenseMatrix) -> Double {
    var sum = 0.0
    for i in 0..<factor.rows { sum += log(factor.storage[i + i * factor.rows]) }
    return 2 * sum
  }

  /// Overwrites `b`, n rows, with A⁻¹ b from the factor L, n × n.
  package static func solve(factor: DenseMatrix, _ b: inout DenseMatrix) {
    solveLower(factor, &b)
    solveLowerTransposed(factor, &b)
  }

  /// A⁻¹ from the factor L (LAPACK `potri`), n × n and exactly symmetric.
  package static func inverse(factor: DenseMatrix) -> DenseMatrix {
    precondition(factor.rows == factor.columns)
    var result = factor
    guard factor.rows > 0 else { return result }
    var info: lapack_integer = 0
    var order = lapack_integer(factor.rows)
    var stride = order
    dpotri_("L", &order, &result.storage, &stride, &info, 1)
    precondition(info == 0, "the factor has a zero on its diagonal")
    result.mirrorLowerTriangle()
    return result
  }

  /// The factor of a positive semidefinite matrix, and its numerical rank.
  ///
  /// A ≈ L Lᵀ with L n × rank, its rows in the order of A's (so in general not triangular). Pivots
  /// largest first; those not above `relativeTolerance` × the largest diagonal entry of A count
  /// as zero. Higham (2002), Accuracy and Stability of Numerical Algorithms, 10.3. A matrix that
  /// is zero, negative or not finite on its diagonal has rank 0.
  package static func pivoted(
    _ a: DenseMatrix, relativeTolerance: Double
  ) -> (factor: DenseMatrix, rank: Int) {
    precondition(a.rows == a.columns)
    let n = a.rows
    let none = DenseMatrix(rows: n, columns: 0)
    guard a.isFinite, let largest = a.diagonal.max(), largest > 0 else { return (none, 0) }

    var permuted = a
    var pivots = [lapack_integer](repeating: 0, count: n)
    var work = [Double](repeating: 0, count: 2 * n)
    var order = lapack_integer(n)
    var stride = order
    var (rank, info): (lapack_integer, lapack_integer) = (0, 0)
    var tolerance = max(relativeTolerance, 0) * largest  // a negative one means LAPACK's default
    dpstrf_(
      "L", &order, &permuted.storage, &stride, &pivots, &rank, &tolerance, &work, &info, 1)

    var factor = DenseMatrix(rows: n, columns: Int(rank))
    for j in 0..<Int(rank) {
      for i in j..<n { factor[Int(pivots[i]) - 1, j] = permuted[i, j] }
    }
    return (factor, Int(rank))
  }
}
