// SPDX-License-Identifier: GPL-2.0-or-later
import COpenBLAS

extension BLASSelfTest {
  /// Triangular systems from both sides, and the inverse of a triangle.
  mutating func checkTriangles(_ n: Int) {
    let columns = n / 2 + 2
    let t = numbers.dominated(n)
    for part in [PaddedMatrix.Part.lower, .upper] {
      let triangle = part == .lower ? CblasLower : CblasUpper
      for turned in [false, true] {
        let operation = turned ? CblasTrans : CblasNoTrans
        let (b, v) = (numbers.matrix(n, columns), numbers.vector(columns))
        var x = b
        cblas_dtrsm(
          CblasColMajor, CblasLeft, triangle, operation, CblasNonUnit, Int32(n), Int32(columns), 1,
          t.storage, Int32(t.stride), &x.storage, Int32(x.stride))
        expect(t.times(x.times(v), transposed: turned, part), b.times(v), "dtrsm", n, columns)
        expectIntact(x, "dtrsm", n, columns)

        let (c, w) = (numbers.matrix(columns, n), numbers.vector(n))
        x = c
        cblas_dtrsm(
          CblasColMajor, CblasRight, triangle, operation, CblasNonUnit, Int32(columns), Int32(n),
          1, t.storage, Int32(t.stride), &x.storage, Int32(x.stride))
        let image = t.times(w, transposed: turned, part)
        expect(x.times(image), c.times(w), "dtrsm", columns, n)
        expectIntact(x, "dtrsm", columns, n)

        var y = w
        cblas_dtrsv(
          CblasColMajor, triangle, operation, CblasNonUnit, Int32(n), t.storage, Int32(t.stride),
          &y, 1)
        expect(t.times(y, transposed: turned, part), w, "dtrsv", n)
      }
      checkInverse(of: t, part)
    }
  }

  private mutating func checkInverse(of t: PaddedMatrix, _ part: PaddedMatrix.Part) {
    var inverse = t
    var (order, stride) = (lapack_integer(t.rows), lapack_integer(t.stride))
    var info: lapack_integer = 0
    dtrtri_(part == .lower ? "L" : "U", "N", &order, &inverse.storage, &stride, &info, 1, 1)
    let v = numbers.vector(t.rows)
    expect(t.times(inverse.times(v, part), part), v, "dtrtri", t.rows)
    expectIntact(inverse, "dtrtri", t.rows)
  }

  /// Cholesky's factor, plain and with pivots, the inverse from it, and eigenvectors.
  mutating func checkFactorizations(_ n: Int) {
    let (a, v) = (numbers.dominated(n), numbers.vector(n))
    var (order, stride) = (lapack_integer(n), lapack_integer(a.stride))
    var info: lapack_integer = 0
    var factor = a
    dpotrf_("L", &order, &factor.storage, &stride, &info, 1)
    let half = factor.times(v, transposed: true, .lower)
    expect(factor.times(half, .lower), a.times(v, .symmetric), "dpotrf", n)
    expectIntact(factor, "dpotrf", n)
    dpotri_("L", &order, &factor.storage, &stride, &info, 1)
    expect(a.times(factor.times(v, .symmetric), .symmetric), v, "dpotri", n)
    expectIntact(factor, "dpotri", n)
    checkPivotedFactor(a, v)
    checkEigenvectors(a, v)
  }

  private mutating func checkPivotedFactor(_ a: PaddedMatrix, _ v: [Double]) {
    var (order, stride) = (lapack_integer(a.rows), lapack_integer(a.stride))
    var (rank, info): (lapack_integer, lapack_integer) = (0, 0)
    var (factor, tolerance) = (a, 0.0)
    var pivots = [lapack_integer](repeating: 1, count: a.rows)
    var work = [Double](repeating: 0, count: 2 * a.rows)
    dpstrf_(
      "L", &order, &factor.storage, &stride, &pivots, &rank, &tolerance, &work, &info, 1)
    let places = pivots.map { min(max(Int($0) - 1, 0), a.rows - 1) }
    let half = factor.times(places.map { v[$0] }, transposed: true, .lower)
    let expected = a.times(v, .symmetric)
    expect(factor.times(half, .lower), places.map { expected[$0] }, "dpstrf", a.rows)
  }

  /// AV = V diag(λ), and V is orthonormal.
  private mutating func checkEigenvectors(_ a: PaddedMatrix, _ v: [Double]) {
    var (order, stride) = (lapack_integer(a.rows), lapack_integer(a.stride))
    var (vectors, info) = (a, lapack_integer(0))
    var values = [Double](repeating: .nan, count: a.rows)
    var length = lapack_integer(34 * a.rows)  // LAPACK's blocks of 32 columns, and two vectors
    var work = [Double](repeating: 0, count: Int(length))
    dsyev_(
      "V", "L", &order, &vectors.storage, &stride, &values, &work, &length, &info, 1, 1)
    let image = vectors.times(v)
    expect(a.times(image, .symmetric), vectors.times(zip(values, v).map(*)), "dsyev", a.rows)
    expect(vectors.times(image, transposed: true), v, "dsyev", a.rows)
    expectIntact(vectors, "dsyev", a.rows)
  }
}
