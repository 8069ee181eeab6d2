// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import TestSupport
import Testing

@Suite struct ColumnOrderedQRTests {
  @Test func `independent columns are all kept`() {
    let a = randomMatrix(8, 5, seed: 4)
    let qr = ColumnOrderedQR(a, tolerance: 1e-10)
    #expect(qr.kept == [0, 1, 2, 3, 4] && qr.dropped.isEmpty)
    #expect(distance(qr.q * qr.r, a) < 1e-14)
    #expect(distance(qr.q.gram, .identity(5)) < 1e-14)
    #expect(qr.r.diagonal.allSatisfy { $0 > 0 })
  }

  @Test func `the later of dependent columns is dropped, with its coefficients`() {
    let base = randomMatrix(8, 3, seed: 5)
    let (a0, a1, a2) = (base.column(0), base.column(1), base.column(2))
    let combined = zip(a0, a1).map { 2 * $0 - 3 * $1 }
    let zero = [Double](repeating: 0, count: 8)
    let a = DenseMatrix(rows: 8, columns: 5, storage: a0 + a1 + combined + zero + a2)
    let qr = ColumnOrderedQR(a, tolerance: 1e-10)
    #expect(qr.kept == [0, 1, 4])
    #expect(qr.dropped == [2, 3])
    #expect(distance(qr.coefficients(ofDropped: 0), [2, -3, 0]) < 1e-13)
    #expect(qr.coefficients(ofDropped: 1) == [0, 0, 0])
  }

  @Test func `a dependent column is seen without any tolerance`() {
    let base = randomMatrix(6, 2, seed: 6)
    let storage = base.storage + zip(base.column(0), base.column(1)).map { $0 / 3 + $1 * 7 }
    let qr = ColumnOrderedQR(
      DenseMatrix(rows: 6, columns: 3, storage: storage), tolerance: 0)
    #expect(qr.kept == [0, 1])
  }

  @Test func `nearly parallel columns leave Q orthogonal`() {
    // Läuchli's matrix: Gram–Schmidt once leaves an error of about 1e-8/1e-8.
    let ε = 1e-8
    var a = DenseMatrix(rows: 4, columns: 3)
    for j in 0..<3 {
      a[0, j] = 1
      a[j + 1, j] = ε
    }
    let qr = ColumnOrderedQR(a, tolerance: 1e-12)
    #expect(qr.rank == 3)
    #expect(distance(qr.q.gram, .identity(3)) < 1e-14)
    #expect(distance(qr.q * qr.r, a) < 1e-15)
  }

  @Test func `the reference norm decides what small means`() {
    let a = DenseMatrix(rows: 2, columns: 2, storage: [1, 0, 1, 1e-9])
    #expect(ColumnOrderedQR(a, tolerance: 1e-10).rank == 2)
    #expect(ColumnOrderedQR(a, tolerance: 1e-10, referenceNorms: [1, 1000]).kept == [0])
  }

  @Test func `more columns than rows, no rows, and NaN are no accidents`() {
    #expect(ColumnOrderedQR(randomMatrix(2, 5, seed: 8), tolerance: 0).kept == [0, 1])
    let none = ColumnOrderedQR(DenseMatrix(rows: 0, columns: 2), tolerance: 1e-10)
    #expect(none.kept.isEmpty && none.dropped == [0, 1])
    let bad = DenseMatrix(rows: 2, columns: 2, storage: [1, .nan, 0, 1])
    #expect(ColumnOrderedQR(bad, tolerance: 1e-10).kept == [1])
    let huge = DenseMatrix(rows: 2, columns: 2, storage: [1e200, 1e200, 1e-200, 0])
    #expect(ColumnOrderedQR(huge, tolerance: 1e-10).kept == [0, 1])
  }
}
