// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import TestSupport
import Testing

@Suite struct DenseCholeskyTests {
  static func positiveDefinite(_ n: Int) -> DenseMatrix {
    randomMatrix(n + 3, n, seed: 7).gram + 0.1 * .identity(n)
  }

  @Test(arguments: [0, 1, 2, 5, 70]) func `the factor gives back the matrix`(n: Int) throws {
    let a = Self.positiveDefinite(n)
    var l = a
    try DenseCholesky.factorize(&l)
    #expect(distance(l.multipliedByTransposeOnRight(l), a) < 1e-13 * Double(n + 1))
    for j in 0..<n { for i in 0..<j { #expect(l[i, j] == 0) } }
    #expect(distance(DenseCholesky.inverse(factor: l) * a, .identity(n)) < 1e-9)
    var b = a
    DenseCholesky.solve(factor: l, &b)
    #expect(distance(b, .identity(n)) < 1e-9)
  }

  @Test func `the upper triangle is not read`() throws {
    var a = DenseMatrix(rows: 2, columns: 2, storage: [4, 2, .nan, 5])
    try DenseCholesky.factorize(&a)
    #expect(a == DenseMatrix(rows: 2, columns: 2, storage: [2, 1, 0, 2]))
    #expect(abs(DenseCholesky.logDeterminant(factor: a) - 2.772588722239781) < 1e-15)  // log 16
  }

  @Test(arguments: [Double.nan, -1, 0, .infinity])
  func `a bad pivot is reported with its column`(pivot: Double) {
    var a = DenseMatrix.identity(4)
    a[2, 2] = pivot
    #expect(throws: NotPositiveDefinite(column: 2)) { try DenseCholesky.factorize(&a) }
  }

  @Test func `the pivoted factor has the rank and keeps the order of rows`() {
    let thin = randomMatrix(9, 4, seed: 3)
    let a = thin.multipliedByTransposeOnRight(thin)
    let (factor, rank) = DenseCholesky.pivoted(a, relativeTolerance: 1e-12)
    #expect(rank == 4)
    #expect(factor.rows == 9 && factor.columns == 4)
    #expect(distance(factor.multipliedByTransposeOnRight(factor), a) < 1e-13)
  }

  @Test func `the pivoted factor of nothing or of a zero matrix has rank zero`() {
    #expect(
      DenseCholesky.pivoted(DenseMatrix(rows: 3, columns: 3), relativeTolerance: 0).rank == 0)
    #expect(
      DenseCholesky.pivoted(DenseMatrix(rows: 0, columns: 0), relativeTolerance: 0).rank == 0)
    let bad = DenseMatrix(rows: 1, columns: 1, storage: [.nan])
    #expect(DenseCholesky.pivoted(bad, relativeTolerance: 0).rank == 0)
  }

  @Test func `pivoting with a tolerance of zero takes a full matrix whole`() {
    let a = Self.positiveDefinite(6)
    let (factor, rank) = DenseCholesky.pivoted(a, relativeTolerance: 0)
    #expect(rank == 6)
    #expect(distance(factor.multipliedByTransposeOnRight(factor), a) < 1e-13)
  }

  @Test func `triangular solves and inverses agree with products`() throws {
    var l = randomMatrix(5, 5, seed: 1)
    for i in 0..<5 { l[i, i] = 2 + abs(l[i, i]) }
    var lower = l
    lower.clearUpperTriangle()
    let upper = l - lower + DenseMatrix(diagonal: l.diagonal)
    let b = randomMatrix(5, 2, seed: 2)
    typealias Solve = (DenseMatrix, inout DenseMatrix) -> Void
    let solves: [(Solve, DenseMatrix)] = [
      (DenseCholesky.solveLower, lower), (DenseCholesky.solveLowerTransposed, lower.transposed),
      (DenseCholesky.solveUpper, upper), (DenseCholesky.solveUpperTransposed, upper.transposed),
    ]
    for (solve, matrix) in solves {
      var x = b
      solve(l, &x)  // the other triangle is there and must not be read
      #expect(distance(matrix * x, b) < 1e-13)
    }
    var x = b.column(0)
    DenseCholesky.solveLowerTransposed(l, &x)
    #expect(distance(lower.multipliedByTransposeOnLeft(x), b.column(0)) < 1e-13)
    let inverse = try DenseCholesky.inverseOfLowerTriangular(l)
    #expect(distance(inverse * lower, .identity(5)) < 1e-13)
    let inverseOfUpper = try DenseCholesky.inverseOfUpperTriangular(l)
    #expect(distance(inverseOfUpper * upper, .identity(5)) < 1e-13)
  }

  @Test func `a zero on the diagonal has no inverse`() {
    var l = DenseMatrix.identity(3)
    l[1, 1] = 0
    #expect(throws: SingularTriangle(column: 1)) {
      try DenseCholesky.inverseOfLowerTriangular(l)
    }
  }

  @Test func `eigenvalues ascend and eigenvectors give back the matrix`() {
    let a = Self.positiveDefinite(6)
    let (values, v) = symmetricEigenvectors(a)
    #expect(values == values.sorted())
    #expect(distance(v * DenseMatrix(diagonal: values) * v.transposed, a) < 1e-13)
    #expect(distance(v.gram, .identity(6)) < 1e-13)
    #expect(distance(symmetricEigenvalues(a), values) < 1e-13)
    let known = DenseMatrix(rows: 2, columns: 2, storage: [2, 1, 1, 2])
    #expect(distance(symmetricEigenvalues(known), [1, 3]) < 1e-15)
  }

  @Test func `a matrix that is not finite has NaN eigenvalues`() {
    let a = DenseMatrix(rows: 2, columns: 2, storage: [1, .nan, 0, 1])
    #expect(symmetricEigenvalues(a).allSatisfy { $0.isNaN })
    #expect(symmetricEigenvectors(a).vectors.storage.allSatisfy { $0.isNaN })
    #expect(symmetricEigenvalues(DenseMatrix(rows: 0, columns: 0)) == [])
  }
}
