// SPDX-License-Identifier: GPL-2.0-or-later
import COpenBLAS

/// A triangular matrix has a zero on its diagonal.
package struct SingularTriangle: Error, Equatable, CustomStringConvertible {
  package let column: Int

  package init(column: Int) { self.column = column }

  package var description: String {
    "the triangular matrix is singular: entry \(column + 1) of its diagonal is zero"
  }
}

extension DenseCholesky {
  /// Overwrites `b` with L⁻¹ b; L is n × n and only its lower triangle is read.
  ///
  /// These four do not look for zeros on the diagonal: they give infinities.
  package static func solveLower(_ l: DenseMatrix, _ b: inout DenseMatrix) {
    solve(l, CblasLower, CblasNoTrans, &b)
  }

  /// Overwrites `b` with L⁻ᵀ b.
  package static func solveLowerTransposed(_ l: DenseMatrix, _ b: inout DenseMatrix) {
    solve(l, CblasLower, CblasTrans, &b)
  }

  /// Overwrites `b` with R⁻¹ b; R is n × n and only its upper triangle is read.
  package static func solveUpper(_ r: DenseMatrix, _ b: inout DenseMatrix) {
    solve(r, CblasUpper, CblasNoTrans, &b)
  }

  /// Overwrites `b` with R⁻ᵀ b.
  package static func solveUpperTransposed(_ r: DenseMatrix, _ b: inout DenseMatrix) {
    solve(r, CblasUpper, CblasTrans, &b)
  }

  /// Overwrites `b`, m × n, with b R⁻¹; R is n × n and only its upper triangle is read.
  package static func solveUpperOnRight(_ r: DenseMatrix, _ b: inout DenseMatrix) {
    precondition(r.rows == r.columns && b.columns == r.rows)
    guard b.rows > 0, b.columns > 0 else { return }
    cblas_dtrsm(
      CblasColMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, Int32(b.rows),
      Int32(b.columns), 1, r.storage, Int32(r.rows), &b.storage, Int32(b.rows))
  }

  package static func solveLower(_ l: DenseMatrix, _ b: inout [Double]) {
    solve(l, CblasLower, CblasNoTrans, &b)
  }

  package static func solveLowerTransposed(_ l: DenseMatrix, _ b: inout [Double]) {
    solve(l, CblasLower, CblasTrans, &b)
  }

  package static func solveUpper(_ r: DenseMatrix, _ b: inout [Double]) {
    solve(r, CblasUpper, CblasNoTrans, &b)
  }

  package static func solveUpperTransposed(_ r: DenseMatrix, _ b: inout [Double]) {
    solve(r, CblasUpper, CblasTrans, &b)
  }

  /// L⁻¹, lower triangular; only the lower triangle of `l` is read.
  package static func inverseOfLowerTriangular(
    _ l: DenseMatrix
  ) throws(SingularTriangle) -> DenseMatrix {
    var result = l
    result.clearUpperTriangle()
    try invert(&result, "L")
    return result
  }

  /// R⁻¹, upper triangular; only the upper triangle of `r` is read.
  package static func inverseOfUpperTriangular(
    _ r: DenseMatrix
  ) throws(SingularTriangle) -> DenseMatrix {
    var result = r
    for j in 0..<r.columns {
      for i in j + 1..<max(r.rows, j + 1) { result[i, j] = 0 }
    }
    try invert(&result, "U")
    return result
  }

  private static func invert(
    _ a: inout DenseMatrix, _ triangle: String
  ) throws(SingularTriangle) {
    precondition(a.rows == a.columns)
    guard a.rows > 0 else { return }
    var info: lapack_integer = 0
    var order = lapack_integer(a.rows)
    var stride = order
    dtrtri_(triangle, "N", &order, &a.storage, &stride, &info, 1, 1)
    if info > 0 { throw SingularTriangle(column: Int(info) - 1) }
  }

  private static func solve(
    _ a: DenseMatrix, _ triangle: CBLAS_UPLO, _ op: CBLAS_TRANSPOSE, _ b: inout DenseMatrix
  ) {
    precondition(a.rows == a.columns && b.rows == a.rows)
    guard b.rows > 0, b.columns > 0 else { return }
    cblas_dtrsm(
      CblasColMajor, CblasLeft, triangle, op, CblasNonUnit, Int32(b.rows), Int32(b.columns), 1,
      a.storage, Int32(a.rows), &b.storage, Int32(b.rows))
  }

  private static func solve(
    _ a: DenseMatrix, _ triangle: CBLAS_UPLO, _ op: CBLAS_TRANSPOSE, _ b: inout [Double]
  ) {
    precondition(a.rows == a.columns && b.count == a.rows)
    guard b.count > 0 else { return }
    cblas_dtrsv(
      CblasColMajor, triangle, op, CblasNonUnit, Int32(b.count), a.storage, Int32(a.rows), &b, 1)
  }
}
