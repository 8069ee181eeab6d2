// SPDX-License-Identifier: GPL-2.0-or-later
import CCholmod

/// The factorization A = L Lᵀ of a sparse symmetric positive definite matrix (CHOLMOD).
///
/// Analyzed once for a pattern, then factorized for any number of values on it without
/// allocating anything that stays. There is no permutation in it: order the matrix before, with
/// `fillReducingOrder`, and rows of L are rows of A. So the factor of a leading block of A is the
/// leading block of L, which several operations here make use of.
///
///     var factor = try SparseCholesky(analyzing: pattern)
///     try factor.factorize(values.span)
///     factor.logDeterminant(0..<factor.size)
///     try factor.solve(&b)
///
/// `@unchecked Sendable`: the pointers are reached through this owner alone, and it is unique.
package struct SparseCholesky: ~Copyable, @unchecked Sendable {
  /// How L is stored and computed.
  package enum Mode: Sendable {
    /// As CHOLMOD sees fit: supernodal from 40 operations per entry of L on.
    case automatic
    /// Column by column.
    case simplicial
    /// In dense blocks of columns with the same rows, through the BLAS.
    case supernodal
  }

  // Destroyed after the body of deinit has freed what was allocated in it.
  let workspace: CholmodWorkspace
  let factor: UnsafeMutablePointer<cholmod_factor>
  /// A as the caller gives it: its lower triangle by columns.
  package let pattern: SymmetricPattern
  /// The upper triangle by columns, of which CHOLMOD's simplicial method needs no copy.
  let upper: UpperTriangle?
  /// Supernode of each column; empty if simplicial.
  let supernodeOfColumn: [Int]
  /// Solution and workspace of `cholmod_l_solve2`, kept from call to call.
  var solveBuffers = SolveBuffers()
  /// The blocks of the last `inverseSubset`, for the next one.
  var inverseLayout: InverseSubset.Layout?
  package private(set) var isFactorized = false

  /// n.
  package var size: Int { pattern.size }
  /// Entries of L without the zeros that supernodes are padded with.
  package let factorNonzeros: Int
  /// Floating-point operations of one factorization.
  package let flops: Double
  package let isSupernodal: Bool
  /// 0 if simplicial.
  package var supernodeCount: Int { supernodeOfColumn.last.map { $0 + 1 } ?? 0 }
  /// Bytes of L's values, zeros of supernodes included.
  package let factorBytes: Int
  /// Bytes that each factorization takes while it runs, for the largest update of a supernode.
  package let updateBytes: Int

  /// Analyzes the pattern in the order given.
  ///
  /// - Throws: `CholmodError.outOfMemory` or `.tooLarge`.
  package init(
    analyzing pattern: SymmetricPattern, mode: Mode = .automatic
  ) throws(CholmodError) {
    precondition(pattern.isValid, "not the lower triangle by columns with sorted rows")
    let workspace = CholmodWorkspace()
    let common = workspace.common
    common.pointee.nmethods = 1
    common.pointee.method.0.ordering = CHOLMOD_NATURAL
    common.pointee.postorder = 0
    common.pointee.supernodal =
      switch mode {
      case _ where pattern.size == 0: CHOLMOD_SIMPLICIAL
      case .automatic: CHOLMOD_AUTO
      case .simplicial: CHOLMOD_SIMPLICIAL
      case .supernodal: CHOLMOD_SUPERNODAL
      }
    let analyzed = withCholmodView(
      size: pattern.size, columnStarts: pattern.columnStarts, rowIndices: pattern.rowIndices,
      triangle: -1, values: nil
    ) { cholmod_l_analyze($0, common) }
    guard let analyzed else {
      try workspace.throwIfFailed()
      throw .failed(status: Int(common.pointee.status))
    }

    isSupernodal = analyzed.pointee.is_super != 0
    factorNonzeros = Int(common.pointee.lnz)
    flops = common.pointee.fl
    let entries = isSupernodal ? analyzed.pointee.xsize : factorNonzeros
    factorBytes = entries.multipliedReportingOverflow(by: 8).partialValue
    updateBytes =
      isSupernodal ? analyzed.pointee.maxcsize.multipliedReportingOverflow(by: 8).partialValue : 0
    common.pointee.memory_usage = common.pointee.memory_inuse
    upper = isSupernodal ? nil : UpperTriangle(transposing: pattern)
    supernodeOfColumn = isSupernodal ? Self.supernodes(of: analyzed) : []
    factor = analyzed
    self.pattern = pattern
    self.workspace = workspace
  }

  deinit {
    var factor: UnsafeMutablePointer<cholmod_factor>? = factor
    cholmod_l_free_factor(&factor, workspace.common)
    var buffers = solveBuffers
    buffers.free(workspace.common)
  }

  /// L for the matrix with `values`, parallel to the pattern's entries.
  ///
  /// - Throws: `CholmodError.notPositiveDefinite` also where a pivot is not finite; then there is
  ///   no factor until the next success. `.outOfMemory`, in the first call mostly: that one
  ///   allocates L.
  package mutating func factorize(_ values: Span<Double>) throws(CholmodError) {
    precondition(values.count == pattern.entryCount)
    isFactorized = false
    guard size > 0 else {
      isFactorized = true
      return
    }
    values.withUnsafeBufferPointer { computeFactor($0) }
    try workspace.throwIfFailed(minor: factor.pointee.minor)
    // Neither CHOLMOD nor every LAPACK stops at NaN or infinity.
    for j in 0..<size where !(diagonal(j) > 0 && diagonal(j).isFinite) {
      throw .notPositiveDefinite(column: j)
    }
    isFactorized = true
    assert(invariantsHold)
  }

  package mutating func factorize(_ values: [Double]) throws(CholmodError) {
    try factorize(values.span)
  }

  // CHOLMOD copies a matrix in natural order unless it is given the lower triangle for a
  // supernodal factor and the upper one for a simplicial factor (cholmod_factorize.c).
  private func computeFactor(_ values: UnsafeBufferPointer<Double>) {
    let (factor, common) = (factor, workspace.common)
    if let upper {
      upper.fill(from: values)
      withCholmodView(
        size: size, columnStarts: upper.columnStarts, rowIndices: upper.rowIndices, triangle: 1,
        values: upper.values
      ) { _ = cholmod_l_factorize($0, factor, common) }
    } else {
      withCholmodView(
        size: size, columnStarts: pattern.columnStarts, rowIndices: pattern.rowIndices,
        triangle: -1, values: values.baseAddress
      ) { view in _ = withSerialOpenMP { cholmod_l_factorize(view, factor, common) } }
    }
  }

  private static func supernodes(of factor: UnsafeMutablePointer<cholmod_factor>) -> [Int] {
    let first = factor.pointee.super.assumingMemoryBound(to: Int.self)
    var result = [Int](repeating: 0, count: factor.pointee.n)
    for s in 0..<factor.pointee.nsuper {
      for j in first[s]..<first[s + 1] { result[j] = s }
    }
    return result
  }

  /// CHOLMOD's own counts: objects allocated and not freed, their bytes, and the most bytes since
  /// the analysis.
  package var allocations: (objects: Int, bytes: Int, peakBytes: Int) {
    let common = workspace.common.pointee
    return (common.malloc_count, common.memory_inuse, common.memory_usage)
  }
}
