// SPDX-License-Identifier: GPL-2.0-or-later
import CCholmod

/// Owner of one `cholmod_common`: the parameters, workspace and status of CHOLMOD.
///
/// On the heap, so that its address never changes. All state of CHOLMOD that changes is in it:
/// with one workspace per factor, factors are independent of each other and of threads.
struct CholmodWorkspace: ~Copyable {
  let common: UnsafeMutablePointer<cholmod_common>

  init() {
    common = .allocate(capacity: 1)
    common.initialize(to: cholmod_common())
    cholmod_l_start(common)
    common.pointee.print = 0  // or "not positive definite" goes to standard output
    common.pointee.final_ll = 1
    common.pointee.quick_return_if_not_posdef = 1
  }

  deinit {
    cholmod_l_finish(common)
    assert(common.pointee.malloc_count == 0, "CHOLMOD objects outlive their workspace")
    common.deallocate()
  }

  /// Turns the status of the last call into an error.
  ///
  /// "Not positive definite" is a warning to CHOLMOD: a positive status, and the call succeeds.
  /// - Parameter minor: The column at which a factorization broke down.
  /// - Throws: `CholmodError`, any case but `.notFactorized`.
  func throwIfFailed(minor: Int = 0) throws(CholmodError) {
    switch common.pointee.status {
    case CHOLMOD_OK, CHOLMOD_DSMALL: return
    case CHOLMOD_NOT_POSDEF: throw .notPositiveDefinite(column: minor)
    case CHOLMOD_OUT_OF_MEMORY: throw .outOfMemory
    case CHOLMOD_TOO_LARGE: throw .tooLarge
    case let status: throw .failed(status: Int(status))
    }
  }
}

/// Calls `body` with CHOLMOD's header for a symmetric matrix in the arrays given, not copied.
///
/// `triangle` is −1 if the arrays hold the lower triangle by columns, 1 if the upper one; without
/// `values` there is the pattern alone.
func withCholmodView<Result>(
  size: Int, columnStarts: [Int], rowIndices: [Int], triangle: Int32,
  values: UnsafePointer<Double>?, _ body: (UnsafeMutablePointer<cholmod_sparse>) -> Result
) -> Result {
  columnStarts.withUnsafeBufferPointer { p in
    rowIndices.withUnsafeBufferPointer { i in
      var view = cholmod_sparse()
      view.nrow = size
      view.ncol = size
      view.nzmax = rowIndices.count
      view.p = UnsafeMutableRawPointer(mutating: p.baseAddress)
      view.i = UnsafeMutableRawPointer(mutating: i.baseAddress)
      view.x = UnsafeMutableRawPointer(mutating: values)
      view.stype = triangle
      view.itype = CHOLMOD_LONG
      view.xtype = values == nil ? CHOLMOD_PATTERN : CHOLMOD_REAL
      view.dtype = CHOLMOD_DOUBLE
      view.sorted = 1
      view.packed = 1
      return withUnsafeMutablePointer(to: &view, body)
    }
  }
}
