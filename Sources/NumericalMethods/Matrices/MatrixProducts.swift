// SPDX-License-Identifier: GPL-2.0-or-later
import COpenBLAS

/// C −= A Bᵀ in place, on parts of larger matrices stored by columns.
///
/// A is `rows` × `inner`, B `columns` × `inner`; the strides are between columns.
package func subtractProduct(
  _ a: UnsafePointer<Double>, _ aStride: Int, _ b: UnsafePointer<Double>, _ bStride: Int,
  rows: Int, columns: Int, inner: Int, from c: UnsafeMutablePointer<Double>, _ cStride: Int
) {
  guard rows > 0, columns > 0, inner > 0 else { return }
  cblas_dgemm(
    CblasColMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(columns), Int32(inner), -1, a,
    Int32(aStride), b, Int32(bStride), 1, c, Int32(cStride))
}

/// The lower triangle of C += AᵀA for A of `rows` × `columns`, by columns without gaps.
package func addGram(
  _ a: UnsafePointer<Double>, rows: Int, columns: Int, to c: UnsafeMutablePointer<Double>
) {
  guard rows > 0, columns > 0 else { return }
  cblas_dsyrk(
    CblasColMajor, CblasLower, CblasTrans, Int32(columns), Int32(rows), 1, a, Int32(rows), 1, c,
    Int32(columns))
}

/// C = A B for a symmetric A of `rows` × `rows`, of which the lower triangle is read; C without
/// gaps.
package func multiplySymmetric(
  _ a: UnsafePointer<Double>, _ aStride: Int, _ b: UnsafePointer<Double>, _ bStride: Int,
  rows: Int, columns: Int, into c: UnsafeMutablePointer<Double>
) {
  guard rows > 0, columns > 0 else { return }
  cblas_dsymm(
    CblasColMajor, CblasLeft, CblasLower, Int32(rows), Int32(columns), 1, a, Int32(aStride), b,
    Int32(bStride), 0, c, Int32(rows))
}

package func dotProduct(
  _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, count: Int
) -> Double {
  cblas_ddot(Int32(count), a, 1, b, 1)
}

/// aᵀb, summed in order.
package func dot(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for i in a.indices { sum += a[i] * b[i] }
  return sum
}
