// SPDX-License-Identifier: GPL-2.0-or-later
import COpenBLAS

extension BLASSelfTest {
  mutating func checkVectors(_ n: Int) {
    let x = numbers.vector(n)
    var y = numbers.vector(n)
    var (dot, squares) = (0.0, 0.0)
    for i in 0..<n {
      dot += x[i] * y[i]
      squares += x[i] * x[i]
    }
    expect([cblas_ddot(Int32(n), x, 1, y, 1)], [dot], "ddot", n)
    expect([cblas_dnrm2(Int32(n), x, 1)], [squares.squareRoot()], "dnrm2", n)
    let sum = zip(x, y).map { $1 - 0.75 * $0 }
    cblas_daxpy(Int32(n), -0.75, x, 1, &y, 1)
    expect(y, sum, "daxpy", n)
  }

  /// C = ½ op(A) op(B) − C, and op(A)v.
  mutating func checkProducts(_ shape: (rows: Int, columns: Int, inner: Int)) {
    let (m, n, k) = shape
    let v = numbers.vector(n)
    for (aTurned, bTurned) in [(false, false), (false, true), (true, false), (true, true)] {
      let a = aTurned ? numbers.matrix(k, m) : numbers.matrix(m, k)
      let b = bTurned ? numbers.matrix(n, k) : numbers.matrix(k, n)
      var c = numbers.matrix(m, n)
      let before = c.times(v)
      let inner = b.times(v, transposed: bTurned)
      let product = a.times(inner, transposed: aTurned)
      cblas_dgemm(
        CblasColMajor, aTurned ? CblasTrans : CblasNoTrans, bTurned ? CblasTrans : CblasNoTrans,
        Int32(m), Int32(n), Int32(k), 0.5, a.storage, Int32(a.stride), b.storage, Int32(b.stride),
        -1, &c.storage, Int32(c.stride))
      expect(c.times(v), zip(product, before).map { 0.5 * $0 - $1 }, "dgemm", m, n, k)
      expectIntact(c, "dgemm", m, n, k)
      var y = [Double](repeating: 0, count: m)
      cblas_dgemv(
        CblasColMajor, aTurned ? CblasTrans : CblasNoTrans, Int32(a.rows), Int32(a.columns), 1,
        a.storage, Int32(a.stride), inner, 1, 0, &y, 1)
      expect(y, product, "dgemv", m, k)
    }
  }

  /// The lower triangle of AAᵀ or AᵀA, what is above it left alone.
  mutating func checkGram(_ n: Int, inner: Int, turned: Bool) {
    let v = numbers.vector(n)
    let a = turned ? numbers.matrix(inner, n) : numbers.matrix(n, inner)
    var c = PaddedMatrix(rows: n, columns: n) { Array(repeating: 7, count: n) }
    let before = c.times(v, .symmetric)
    cblas_dsyrk(
      CblasColMajor, CblasLower, turned ? CblasTrans : CblasNoTrans, Int32(n), Int32(inner), 1,
      a.storage, Int32(a.stride), -1, &c.storage, Int32(c.stride))
    let gram = a.times(a.times(v, transposed: !turned), transposed: turned)
    expect(c.times(v, .symmetric), zip(gram, before).map(-), "dsyrk", n, inner)
    let above = (1..<n + 1).dropLast().map { c.storage[$0 * c.stride] }
    expect(above, above.map { _ in 7 }, "dsyrk", n, inner)
    expectIntact(c, "dsyrk", n, inner)
  }

  /// Products of a symmetric matrix, of which the lower triangle is read.
  mutating func checkSymmetricProducts(_ n: Int) {
    for inner in [max(n / 3, 1), n + 7] {
      checkGram(n, inner: inner, turned: false)
      checkGram(n, inner: inner, turned: true)
    }
    let (s, v, columns) = (numbers.matrix(n, n), numbers.vector(n), n / 2 + 1)
    let (b, w) = (numbers.matrix(n, columns), numbers.vector(columns))
    var c = numbers.matrix(n, columns)
    cblas_dsymm(
      CblasColMajor, CblasLeft, CblasLower, Int32(n), Int32(columns), 1, s.storage,
      Int32(s.stride), b.storage, Int32(b.stride), 0, &c.storage, Int32(c.stride))
    expect(c.times(w), s.times(b.times(w), .symmetric), "dsymm", n, columns)
    expectIntact(c, "dsymm", n, columns)
    var y = [Double](repeating: 0, count: n)
    cblas_dsymv(
      CblasColMajor, CblasLower, Int32(n), 1, s.storage, Int32(s.stride), v, 1, 0, &y, 1)
    expect(y, s.times(v, .symmetric), "dsymv", n)
  }
}
