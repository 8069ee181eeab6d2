// SPDX-License-Identifier: GPL-2.0-or-later
import COpenBLAS

/// The eigenvalues, ascending, of a symmetric matrix of which only the lower triangle is read.
///
/// All NaN if the matrix is not finite or the iteration (LAPACK `syev`) did not converge.
package func symmetricEigenvalues(_ a: DenseMatrix) -> [Double] {
  var work = a
  return eigenvalues(overwriting: &work, job: "N")
}

/// A = V diag(`values`) Vᵀ: eigenvalues, ascending, and in the columns of V orthonormal vectors.
///
/// Only the lower triangle of `a` is read. All NaN where `symmetricEigenvalues` is.
package func symmetricEigenvectors(
  _ a: DenseMatrix
) -> (values: [Double], vectors: DenseMatrix) {
  var vectors = a
  let values = eigenvalues(overwriting: &vectors, job: "V")
  if values.contains(where: \.isNaN) {
    vectors.storage = Array(repeating: .nan, count: vectors.storage.count)
  }
  return (values, vectors)
}

private func eigenvalues(overwriting a: inout DenseMatrix, job: String) -> [Double] {
  precondition(a.rows == a.columns)
  let n = a.rows
  guard n > 0 else { return [] }
  var values = [Double](repeating: .nan, count: n)
  a.clearUpperTriangle()  // not read, but it must not make the matrix look infinite
  guard a.isFinite else { return values }
  var (order, stride) = (lapack_integer(n), lapack_integer(n))
  var (info, query): (lapack_integer, lapack_integer) = (0, -1)
  var best = 0.0
  dsyev_(job, "L", &order, &a.storage, &stride, &values, &best, &query, &info, 1, 1)
  var length = lapack_integer(max(best, Double(3 * n)))
  var work = [Double](repeating: 0, count: Int(length))
  dsyev_(job, "L", &order, &a.storage, &stride, &values, &work, &length, &info, 1, 1)
  return info == 0 ? values : Array(repeating: .nan, count: n)
}
