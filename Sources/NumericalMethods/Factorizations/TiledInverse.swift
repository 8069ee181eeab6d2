// SPDX-License-Identifier: GPL-2.0-or-later
import COpenBLAS

extension TiledCholesky {
  private static let panel = 128

  /// Overwrites the lower triangle of L, n × n by columns `stride` apart, with that of
  /// Z = (L Lᵀ)⁻¹.
  ///
  /// From the last panel of columns J to the first, R being the rows below it:
  ///
  ///     Y = L_RJ L_JJ⁻¹,   Z_RJ = −Z_RR Y,   Z_JJ = L_JJ⁻ᵀ L_JJ⁻¹ − Yᵀ Z_RJ.
  ///
  /// Tiles are cut by position and each is computed by one thread, as in `factorize`: the inverse
  /// does not depend on the number of threads, to the last bit. About twice the work of the
  /// factorization.
  package static func invert(
    _ a: UnsafeMutablePointer<Double>, size n: Int, stride: Int, _ team: ThreadTeam
  ) {
    guard n > 0 else { return }
    let product = UnsafeMutablePointer<Double>.allocate(capacity: n * min(panel, n))
    defer { product.deallocate() }
    for first in Swift.stride(from: (n - 1) / panel * panel, through: 0, by: -panel) {
      let end = min(first + panel, n)
      invertPanel(a, first..<end, rows: n, stride, product, team)
    }
  }

  private static func invertPanel(
    _ a: UnsafeMutablePointer<Double>, _ columns: Range<Int>, rows n: Int, _ stride: Int,
    _ product: UnsafeMutablePointer<Double>, _ team: ThreadTeam
  ) {
    nonisolated(unsafe) let (a, product) = (a, product)
    let (width, below) = (columns.count, n - columns.upperBound)
    let diagonal = a + columns.lowerBound * (stride + 1)
    let Y = diagonal + width
    let tiles = (below + panel - 1) / panel
    team.forEach(tiles) { _, t in
      cblas_dtrsm(
        CblasColMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit,
        Int32(min(panel, below - t * panel)), Int32(width), 1, diagonal, Int32(stride),
        Y + t * panel, Int32(stride))
    }
    team.forEach(tiles) { _, t in
      multiplyTile(
        a + columns.upperBound * (stride + 1), stride, Y,
        rows: t * panel..<min((t + 1) * panel, below), of: below, columns: width, into: product)
    }
    var (order, leading, info) = (lapack_integer(width), lapack_integer(stride), lapack_integer(0))
    dpotri_("L", &order, diagonal, &leading, &info, 1)
    guard below > 0 else { return }
    let strip = 32
    team.forEach((width + strip - 1) / strip) { _, s in
      let from = s * strip
      cblas_dgemm(
        CblasColMajor, CblasTrans, CblasNoTrans, Int32(width - from),
        Int32(min(strip, width - from)), Int32(below), -1, Y + from * stride, Int32(stride),
        product + from * below, Int32(below), 1, diagonal + from * (stride + 1), Int32(stride))
    }
    for j in 0..<width { (Y + j * stride).update(from: product + j * below, count: below) }
  }

  /// Rows of −Z Y for a symmetric Z, `size` × `size`, of which the lower triangle is there.
  private static func multiplyTile(
    _ Z: UnsafePointer<Double>, _ stride: Int, _ Y: UnsafePointer<Double>, rows: Range<Int>,
    of size: Int, columns: Int, into product: UnsafeMutablePointer<Double>
  ) {
    let (m, n, lead, target) = (
      Int32(rows.count), Int32(columns), Int32(stride), product + rows.lowerBound
    )
    let ownColumns = Z + rows.lowerBound * stride
    cblas_dsymm(
      CblasColMajor, CblasLeft, CblasLower, m, n, -1, ownColumns + rows.lowerBound, lead,
      Y + rows.lowerBound, lead, 0, target, Int32(size))
    if rows.lowerBound > 0 {
      cblas_dgemm(
        CblasColMajor, CblasNoTrans, CblasNoTrans, m, n, Int32(rows.lowerBound), -1,
        Z + rows.lowerBound, lead, Y, lead, 1, target, Int32(size))
    }
    if rows.upperBound < size {
      cblas_dgemm(
        CblasColMajor, CblasTrans, CblasNoTrans, m, n, Int32(size - rows.upperBound), -1,
        ownColumns + rows.upperBound, lead, Y + rows.upperBound, lead, 1, target, Int32(size))
    }
  }
}
