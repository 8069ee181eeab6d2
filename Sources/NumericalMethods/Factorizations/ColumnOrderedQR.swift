// SPDX-License-Identifier: GPL-2.0-or-later
import COpenBLAS

/// A = Q R over the columns of A that do not depend on earlier ones.
///
/// Columns are taken in order and a later dependent one is dropped, as R's `lm` reports aliased
/// coefficients. Modified Gram–Schmidt with reorthogonalization: two passes give a Q orthogonal
/// to working precision ("twice is enough"; Giraud & Langou 2005, Computers & Mathematics with
/// Applications 50, 1069–1075). A column that still shrinks to less than half in the second one
/// gets a third and a fourth.
package struct ColumnOrderedQR: Sendable {
  /// The columns of A that were kept, ascending; r of them.
  package let kept: [Int]
  /// The others, ascending: dependent ones, zero ones, and those that are not finite.
  package let dropped: [Int]
  /// m × r, orthonormal columns.
  package let q: DenseMatrix
  /// r × r, upper triangular with positive diagonal: A's kept columns are Q R.
  package let r: DenseMatrix
  /// r × `dropped.count`: QᵀA of the dropped columns, zero from the columns kept later on.
  package let droppedProjections: DenseMatrix

  package var rank: Int { kept.count }

  /// Factorizes `a`, m × n.
  ///
  /// - Parameters:
  ///   - a: Any matrix; columns that are not finite are dropped.
  ///   - tolerance: Column j is dropped if what the earlier kept columns leave of it has a norm
  ///     of at most `tolerance` × `referenceNorms[j]`, or of at most 16 ulp of its own norm,
  ///     which is rounding error.
  ///   - referenceNorms: n of them, for a caller to whom A's own norms say little (columns
  ///     centred before, whose noise is that of the uncentred ones). A's own norms if nil.
  package init(_ a: DenseMatrix, tolerance: Double, referenceNorms: [Double]? = nil) {
    precondition(referenceNorms == nil || referenceNorms?.count == a.columns)
    let (m, n) = (a.rows, a.columns)
    var (kept, dropped): ([Int], [Int]) = ([], [])
    var basis: [Double] = []  // columns of Q, m each
    var keptProjections: [[Double]] = []  // columns of R, ending at the diagonal
    var droppedProjections: [[Double]] = []

    for j in 0..<n {
      var v = a.column(j)
      let norm = euclideanNorm(v)
      var projections = [Double](repeating: 0, count: kept.count)
      var residual = norm
      if norm.isFinite {
        residual = orthogonalize(&v, norm, basis, rank: kept.count, &projections)
      }
      let threshold = max(tolerance * (referenceNorms?[j] ?? norm), 16 * Double.ulpOfOne * norm)
      if norm.isFinite, residual > threshold, kept.count < m {
        basis.append(contentsOf: v.map { $0 / residual })
        keptProjections.append(projections + [residual])
        kept.append(j)
      } else {
        droppedProjections.append(projections)
        dropped.append(j)
      }
    }

    self.kept = kept
    self.dropped = dropped
    q = DenseMatrix(rows: m, columns: kept.count, storage: basis)
    r = DenseMatrix(paddingColumns: keptProjections, rows: kept.count)
    self.droppedProjections = DenseMatrix(paddingColumns: droppedProjections, rows: kept.count)
  }

  /// The coefficients c, r of them, of `dropped[index]` on the kept columns: A(:, kept) c.
  package func coefficients(ofDropped index: Int) -> [Double] {
    var c = droppedProjections.column(index)
    DenseCholesky.solveUpper(r, &c)
    return c
  }
}

/// From so many columns on, all components are computed at once: classical Gram–Schmidt, as good when it
/// is repeated, reads Q twice in a pass and not once for every column.
private let wide = 64

/// Takes from `v` its components along the columns of Q, which are added to `projections`.
///
/// Returns the norm of what is left, 0 if it goes on shrinking.
private func orthogonalize(
  _ v: inout [Double], _ norm: Double, _ q: [Double], rank: Int, _ projections: inout [Double]
) -> Double {
  guard rank > 0 else { return norm }
  var before = norm
  let m = v.count
  for pass in 0..<4 {
    if rank < wide {
      q.withUnsafeBufferPointer { q in
        for k in 0..<rank {
          let column = q.baseAddress! + k * m
          let component = cblas_ddot(Int32(m), column, 1, v, 1)
          projections[k] += component
          cblas_daxpy(Int32(m), -component, column, 1, &v, 1)
        }
      }
    } else {
      var components = [Double](repeating: 0, count: rank)
      cblas_dgemv(
        CblasColMajor, CblasTrans, Int32(m), Int32(rank), 1, q, Int32(m), v, 1, 0, &components, 1)
      cblas_dgemv(
        CblasColMajor, CblasNoTrans, Int32(m), Int32(rank), -1, q, Int32(m), components, 1, 1, &v,
        1)
      for k in 0..<rank { projections[k] += components[k] }
    }
    let after = euclideanNorm(v)
    if pass > 0, after > 0.5 * before { return after }
    if after == 0 { return 0 }
    before = after
  }
  return 0
}

/// ‖v‖₂ without overflow or underflow on the way.
package func euclideanNorm(_ v: [Double]) -> Double {
  v.isEmpty ? 0 : cblas_dnrm2(Int32(v.count), v, 1)
}

extension DenseMatrix {
  fileprivate init(paddingColumns list: [[Double]], rows: Int) {
    let padded = list.flatMap { $0 + Array(repeating: 0, count: rows - $0.count) }
    self.init(rows: rows, columns: list.count, storage: padded)
  }
}
