// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import Testing

@Suite struct DenseMatrixTests {
  let a = DenseMatrix(rows: 2, columns: 3, storage: [1, 4, 2, 5, 3, 6])  // 1 2 3 / 4 5 6
  let b = DenseMatrix(rows: 3, columns: 2, storage: [1, 0, -1, 2, 1, 0])  // 1 2 / 0 1 / −1 0

  @Test func `products agree with those by hand`() {
    #expect(a * b == DenseMatrix(rows: 2, columns: 2, storage: [-2, -2, 4, 13]))
    #expect(a * [1, 0, -1] == [-2, -2])
    #expect(a.multipliedByTransposeOnLeft([1, -1]) == [-3, -3, -3])
  }

  @Test func `transposed products are products with the transpose`() {
    #expect(a.multipliedByTransposeOnLeft(a) == a.transposed * a)
    #expect(a.gram == a.transposed * a)
    #expect(b.multipliedByTransposeOnRight(a.transposed) == b * a)
  }

  @Test func `sums, differences and multiples go entry by entry`() {
    #expect(a + a == 2 * a)
    #expect(a - a == DenseMatrix(rows: 2, columns: 3))
  }

  @Test func `empty matrices multiply to zeros or nothing`() {
    let tall = DenseMatrix(rows: 2, columns: 0)
    #expect(tall * DenseMatrix(rows: 0, columns: 3) == DenseMatrix(rows: 2, columns: 3))
    #expect(tall * [] == [0, 0])
    #expect(tall.gram == DenseMatrix(rows: 0, columns: 0))
    #expect(tall.multipliedByTransposeOnLeft([1, 2]) == [])
  }

  @Test func `a submatrix takes rows and columns in the order given`() {
    #expect(
      a.submatrix(rows: [1, 0], columns: [2])
        == DenseMatrix(rows: 2, columns: 1, storage: [6, 3]))
    #expect(a.column(1) == [2, 5])
    #expect(a.diagonal == [1, 5])
  }
}
