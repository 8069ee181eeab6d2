// SPDX-License-Identifier: GPL-2.0-or-later
import COpenBLAS

extension DenseMatrix {
  /// A B, of `a.rows` × `b.columns`.
  package static func * (a: DenseMatrix, b: DenseMatrix) -> DenseMatrix {
    product(a, CblasNoTrans, b, CblasNoTrans)
  }

  /// Aᵀ B for A = `self`, of `columns` × `b.columns`.
  package func multipliedByTransposeOnLeft(_ b: DenseMatrix) -> DenseMatrix {
    Self.product(self, CblasTrans, b, CblasNoTrans)
  }

  /// A Bᵀ for A = `self`, of `rows` × `b.rows`.
  package func multipliedByTransposeOnRight(_ b: DenseMatrix) -> DenseMatrix {
    Self.product(self, CblasNoTrans, b, CblasTrans)
  }

  /// AᵀA for A = `self`, exactly symmetric.
  package var gram: DenseMatrix {
    var c = DenseMatrix(rows: columns, columns: columns)
    guard rows > 0, columns > 0 else { return c }
    cblas_dsyrk(
      CblasColMajor, CblasLower, CblasTrans, Int32(columns), Int32(rows), 1, storage, Int32(rows),
      0, &c.storage, Int32(columns))
    c.mirrorLowerTriangle()
    return c
  }

  /// A x, of length `rows`.
  package static func * (a: DenseMatrix, x: [Double]) -> [Double] {
    a.product(CblasNoTrans, x)
  }

  /// Aᵀ x for A = `self`, of length `columns`.
  package func multipliedByTransposeOnLeft(_ x: [Double]) -> [Double] {
    product(CblasTrans, x)
  }

  package static func * (scale: Double, a: DenseMatrix) -> DenseMatrix {
    DenseMatrix(rows: a.rows, columns: a.columns, storage: a.storage.map { scale * $0 })
  }

  package static func + (a: DenseMatrix, b: DenseMatrix) -> DenseMatrix {
    entrywise(a, b, +)
  }

  package static func - (a: DenseMatrix, b: DenseMatrix) -> DenseMatrix {
    entrywise(a, b, -)
  }

  private static func entrywise(
    _ a: DenseMatrix, _ b: DenseMatrix, _ operation: (Double, Double) -> Double
  ) -> DenseMatrix {
    precondition(a.rows == b.rows && a.columns == b.columns)
    return DenseMatrix(
      rows: a.rows, columns: a.columns, storage: zip(a.storage, b.storage).map(operation))
  }

  private static func product(
    _ a: DenseMatrix, _ opA: CBLAS_TRANSPOSE, _ b: DenseMatrix, _ opB: CBLAS_TRANSPOSE
  ) -> DenseMatrix {
    let (m, inner) = opA == CblasNoTrans ? (a.rows, a.columns) : (a.columns, a.rows)
    let (innerB, n) = opB == CblasNoTrans ? (b.rows, b.columns) : (b.columns, b.rows)
    precondition(inner == innerB)
    var c = DenseMatrix(rows: m, columns: n)
    guard m > 0, n > 0, inner > 0 else { return c }  // BLAS refuses leading dimensions of zero
    cblas_dgemm(
      CblasColMajor, opA, opB, Int32(m), Int32(n), Int32(inner), 1, a.storage, Int32(a.rows),
      b.storage, Int32(b.rows), 0, &c.storage, Int32(m))
    return c
  }

  private func product(_ op: CBLAS_TRANSPOSE, _ x: [Double]) -> [Double] {
    let (count, inner) = op == CblasNoTrans ? (rows, columns) : (columns, rows)
    precondition(x.count == inner)
    var y = [Double](repeating: 0, count: count)
    guard count > 0, inner > 0 else { return y }
    cblas_dgemv(
      CblasColMajor, op, Int32(rows), Int32(columns), 1, storage, Int32(rows), x, 1, 0, &y, 1)
    return y
  }
}
