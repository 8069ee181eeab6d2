// SPDX-License-Identifier: GPL-2.0-or-later
import CCholmod

extension SparseCholesky {
  /// Overwrites `b`, n × `columns` and column-major, with A⁻¹ b.
  ///
  /// All solves throw `CholmodError.notFactorized`, or `.outOfMemory` when their workspace,
  /// which they keep, has to grow.
  package mutating func solve(_ b: inout [Double], columns: Int = 1) throws(CholmodError) {
    try solve(CHOLMOD_LDLt, &b, columns)
  }

  /// Overwrites `b`, n × `columns`, with L⁻¹ b.
  package mutating func solveL(_ b: inout [Double], columns: Int = 1) throws(CholmodError) {
    try solve(CHOLMOD_L, &b, columns)
  }

  /// Overwrites `b`, n × `columns`, with L⁻ᵀ b.
  package mutating func solveLᵀ(_ b: inout [Double], columns: Int = 1) throws(CholmodError) {
    try solve(CHOLMOD_Lt, &b, columns)
  }

  package mutating func solve(_ b: inout DenseMatrix) throws(CholmodError) {
    precondition(b.rows == size)
    try solve(&b.storage, columns: b.columns)
  }

  package mutating func solveL(_ b: inout DenseMatrix) throws(CholmodError) {
    precondition(b.rows == size)
    try solveL(&b.storage, columns: b.columns)
  }

  package mutating func solveLᵀ(_ b: inout DenseMatrix) throws(CholmodError) {
    precondition(b.rows == size)
    try solveLᵀ(&b.storage, columns: b.columns)
  }

  /// Overwrites `b`, k × `columns`, with A₁₁⁻¹ b, A₁₁ being the leading k × k block of A.
  package mutating func solveLeading(
    _ k: Int, _ b: inout [Double], columns: Int = 1
  ) throws(CholmodError) {
    try solveLeadingL(k, &b, columns: columns)
    try solveLeadingLᵀ(k, &b, columns: columns)
  }

  /// Overwrites `b`, k × `columns`, with L₁₁⁻¹ b, L₁₁ being the leading k × k block of L.
  package mutating func solveLeadingL(
    _ k: Int, _ b: inout [Double], columns: Int = 1
  ) throws(CholmodError) {
    try solveLeading(CHOLMOD_L, k, &b, columns)
  }

  /// Overwrites `b`, k × `columns`, with L₁₁⁻ᵀ b.
  package mutating func solveLeadingLᵀ(
    _ k: Int, _ b: inout [Double], columns: Int = 1
  ) throws(CholmodError) {
    try solveLeading(CHOLMOD_Lt, k, &b, columns)
  }

  // Padded with zeros to n rows, the whole system has the leading one's solution on top: by
  // forward substitution later rows do not matter, by back substitution they are zero.
  private mutating func solveLeading(
    _ system: Int32, _ k: Int, _ b: inout [Double], _ columns: Int
  ) throws(CholmodError) {
    precondition(k >= 0 && k <= size && b.count == k * columns)
    var padded = [Double](repeating: 0, count: size * columns)
    for c in 0..<columns {
      for i in 0..<k { padded[i + c * size] = b[i + c * k] }
    }
    try solve(system, &padded, columns)
    for c in 0..<columns {
      for i in 0..<k { b[i + c * k] = padded[i + c * size] }
    }
  }

  private mutating func solve(
    _ system: Int32, _ b: inout [Double], _ columns: Int
  ) throws(CholmodError) {
    precondition(columns >= 0 && b.count == size * columns)
    guard isFactorized else { throw .notFactorized }
    guard !b.isEmpty else { return }
    let solved = solveBuffers.solve(
      system, factor, &b, rows: size, columns: columns, workspace.common)
    try workspace.throwIfFailed()
    if !solved { throw .failed(status: Int(workspace.common.pointee.status)) }
  }
}

/// What `cholmod_l_solve2` allocates in its first call and uses again in later ones.
struct SolveBuffers {
  private var solution: UnsafeMutablePointer<cholmod_dense>?
  private var y: UnsafeMutablePointer<cholmod_dense>?
  private var e: UnsafeMutablePointer<cholmod_dense>?

  /// Overwrites `b` with the solution; false if CHOLMOD failed, and then `b` is as it was.
  mutating func solve(
    _ system: Int32, _ factor: UnsafeMutablePointer<cholmod_factor>, _ b: inout [Double],
    rows: Int, columns: Int, _ common: UnsafeMutablePointer<cholmod_common>
  ) -> Bool {
    b.withUnsafeMutableBufferPointer { b in
      var view = cholmod_dense()
      view.nrow = rows
      view.ncol = columns
      view.nzmax = rows * columns
      view.d = rows
      view.x = UnsafeMutableRawPointer(b.baseAddress)
      view.xtype = CHOLMOD_REAL
      view.dtype = CHOLMOD_DOUBLE
      guard
        cholmod_l_solve2(system, factor, &view, nil, &solution, nil, &y, &e, common) != 0,
        let x = solution?.pointee.x.assumingMemoryBound(to: Double.self)
      else { return false }
      b.baseAddress!.update(from: x, count: rows * columns)
      return true
    }
  }

  mutating func free(_ common: UnsafeMutablePointer<cholmod_common>) {
    cholmod_l_free_dense(&solution, common)
    cholmod_l_free_dense(&y, common)
    cholmod_l_free_dense(&e, common)
  }
}
