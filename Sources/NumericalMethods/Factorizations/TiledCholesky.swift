// SPDX-License-Identifier: GPL-2.0-or-later
import COpenBLAS

/// Cholesky factorization of a large dense matrix by several threads.
///
/// The tiles are cut by position and each is computed by one thread with the serial BLAS, so the
/// factor does not depend on the number of threads, to the last bit.
package enum TiledCholesky {
  /// Columns of a tile.
  ///
  /// The BLAS reaches its speed with 256; a small matrix has too few of these to keep several
  /// threads busy.
  private static func tileSize(_ n: Int) -> Int { n < 1536 ? 128 : 256 }

  /// Overwrites the lower triangle of `a`, n × n by columns, with L; the upper one may hold
  /// anything.
  ///
  /// - Throws: `NotPositiveDefinite` at the first pivot that is not positive, or not finite.
  package static func factorize(
    _ a: UnsafeMutablePointer<Double>, size n: Int, _ team: ThreadTeam
  ) throws(NotPositiveDefinite) {
    nonisolated(unsafe) let a = a
    let tile = tileSize(n)
    for first in stride(from: 0, to: n, by: tile) {
      let end = min(first + tile, n)
      try factorizeDiagonal(a + first * (n + 1), end - first, stride: n, first)
      guard end < n else { break }
      let tiles = (n - end + tile - 1) / tile
      team.forEach(tiles) { _, t in
        let row = end + t * tile
        cblas_dtrsm(
          CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit,
          Int32(min(tile, n - row)), Int32(end - first), 1, a + first * (n + 1), Int32(n),
          a + first * n + row, Int32(n))
      }
      team.forEach(tiles * (tiles + 1) / 2) { _, t in
        // Column after column of tiles, the longest first.
        var (column, left) = (0, t)
        while left >= tiles - column {
          left -= tiles - column
          column += 1
        }
        update(
          a, n, first..<end, tile, row: end + (column + left) * tile, column: end + column * tile)
      }
    }
  }

  private static func factorizeDiagonal(
    _ a: UnsafeMutablePointer<Double>, _ size: Int, stride: Int, _ first: Int
  ) throws(NotPositiveDefinite) {
    var info: lapack_integer = 0
    var order = lapack_integer(size)
    var stride = lapack_integer(stride)
    dpotrf_("L", &order, a, &stride, &info, 1)
    if info > 0 { throw NotPositiveDefinite(column: first + Int(info) - 1) }
    for j in 0..<size {
      let pivot = a[j * (Int(stride) + 1)]
      if !(pivot > 0 && pivot.isFinite) { throw NotPositiveDefinite(column: first + j) }
    }
  }

  /// A_rc −= L_r L_cᵀ for one tile and the columns of one panel.
  private static func update(
    _ a: UnsafeMutablePointer<Double>, _ n: Int, _ panel: Range<Int>, _ tile: Int, row: Int,
    column: Int
  ) {
    let (rows, columns) = (Int32(min(tile, n - row)), Int32(min(tile, n - column)))
    let (k, stride) = (Int32(panel.count), Int32(n))
    let left = a + panel.lowerBound * n + row
    let target = a + column * n + row
    if row == column {
      cblas_dsyrk(
        CblasColMajor, CblasLower, CblasNoTrans, rows, k, -1, left, stride, 1, target, stride)
    } else {
      cblas_dgemm(
        CblasColMajor, CblasNoTrans, CblasTrans, rows, columns, k, -1, left, stride,
        a + panel.lowerBound * n + column, stride, 1, target, stride)
    }
  }

  /// Overwrites `b`, n entries, with L⁻ᵀ b.
  package static func solveTransposed(
    _ l: UnsafePointer<Double>, size n: Int, _ b: inout [Double]
  ) {
    precondition(b.count == n)
    cblas_dtrsv(
      CblasColMajor, CblasLower, CblasTrans, CblasNonUnit, Int32(n), l, Int32(n), &b, 1)
  }
}
