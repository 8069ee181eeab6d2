// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import Testing

@Suite struct `Cholesky factorization in tiles` {
  /// A diagonally dominant matrix; sizes below, at and above multiples of a tile.
  private func matrix(_ n: Int) -> DenseMatrix {
    var a = DenseMatrix(rows: n, columns: n)
    for j in 0..<n {
      for i in 0..<n { a[i, j] = i == j ? 2 * Double(n) : 1 / Double(1 + (i * j) % 7 + abs(i - j)) }
    }
    return a
  }

  @Test(arguments: [0, 1, 5, 127, 128, 129, 256, 400, 1600])
  func `gives LAPACK's factor, the same for any number of threads`(n: Int) throws {
    setBLASThreads(1)  // as wherever threads each call the BLAS
    var expected = matrix(n)
    try DenseCholesky.factorize(&expected)
    var first: DenseMatrix?
    for threads in [1, 2, 3] {
      var a = matrix(n)
      try a.storage.withUnsafeMutableBufferPointer {
        guard let start = $0.baseAddress else { return }
        try TiledCholesky.factorize(start, size: n, ThreadTeam(count: threads))
      }
      a.clearUpperTriangle()
      let isClose = zip(a.storage, expected.storage).allSatisfy {
        abs($0 - $1) <= 1e-13 * Double(max(n, 1))
      }
      #expect(isClose)
      if let first { #expect(a == first) } else { first = a }
    }
  }

  @Test(arguments: [0, 127, 128, 300], [-1, Double.nan, .infinity])
  func `says where a matrix is not positive definite`(column: Int, pivot: Double) {
    var a = matrix(301)
    a[column, column] = pivot
    #expect(throws: NotPositiveDefinite(column: column)) {
      try a.storage.withUnsafeMutableBufferPointer {
        try TiledCholesky.factorize($0.baseAddress!, size: 301, ThreadTeam(count: 2))
      }
    }
  }
}
