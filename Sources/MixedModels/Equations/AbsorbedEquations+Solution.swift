// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

extension AbsorbedEquations {
  /// u and β by back substitution: the core's first, then u_j = L_j⁻ᵀ(W_jy − W_jXβ − W_joUu_o).
  package mutating func solution() throws -> (u: [Double], β: [Double]) {
    var z = try coreSolution()
    for i in z.indices { z[i] = -z[i] }
    let β = Array(z[layout.size..<layout.size + p])

    var u = model.groups.map { [Double](repeating: 0, count: $0.levelCount * $0.size) }
    for (place, node) in layout.order.enumerated() {
      let g = Int(layout.incidence.groupOfNode[node])
      let (level, m) = (layout.incidence.level(of: node), model.groups[g].size)
      let first = layout.scalarStart[place]
      for i in 0..<m { u[g][level * m + i] = z[first + i] }
      z.replaceSubrange(
        first..<first + m, with: lowerTimes(factors[g], Array(z[first..<first + m])))
    }
    let ℓ = model.groups[layout.leading].size
    forEachLeadingLevel { level in
      var right = [Double](repeating: 0, count: ℓ)
      level.forEachColumn { row, W in for i in 0..<ℓ { right[i] -= W[i] * z[row] } }
      level.solveTransposed(&right)
      for i in 0..<ℓ { u[layout.leading][level.index * ℓ + i] = right[i] }
    }
    return (u.flatMap { $0 }, β)
  }

  /// [−u; −β; 1] for the core's rows.
  mutating func coreSolution() throws -> [Double] {
    // Lᵀz = e_last: z = [−u; −β; 1] / r
    var z = [Double](repeating: 0, count: layout.size + p + 1)
    z[layout.size + p] = 1
    switch core {
    case .dense(let dense):
      TiledCholesky.solveTransposed(dense.matrix.start, size: dense.size, &z)
    case .sparse(let sparse): try sparse.factor.solveLᵀ(&z)
    }
    let last = z[layout.size + p]
    for i in z.indices { z[i] /= last }
    return z
  }

  package func fixedEffectsCovariance() throws -> DenseMatrix {
    guard p > 0 else { return DenseMatrix(rows: 0, columns: 0) }
    let L: DenseMatrix
    switch core {
    case .dense(let dense): L = dense.block(layout.size..<layout.size + p)
    case .sparse(let sparse):
      let block = sparse.factor.trailingBlock(from: layout.size)
      L = block.submatrix(rows: Array(0..<p), columns: Array(0..<p))
    }
    return DenseCholesky.inverse(factor: L)
  }

  /// T x for a lower triangular T.
  private func lowerTimes(_ T: [Double], _ x: [Double]) -> [Double] {
    let m = x.count
    return (0..<m).map { i in (0...i).reduce(0) { $0 + T[$1 * m + i] * x[$1] } }
  }

  /// What absorption made of one level of the leading group.
  struct AbsorbedLevel {
    let index: Int
    let size: Int
    /// ℓ × ℓ by columns, lower triangular.
    var L: [Double]
    /// ℓ × columns, and the core's row for each.
    var W: [Double]
    var rows: [Int]

    func forEachColumn(_ body: (_ row: Int, _ W: ArraySlice<Double>) -> Void) {
      for (k, row) in rows.enumerated() {
        // Indices from zero.
        body(row, ArraySlice(Array(W[k * size..<(k + 1) * size])))
      }
    }

    /// x ← L⁻ᵀx
    func solveTransposed(_ x: inout [Double]) {
      for i in stride(from: size - 1, through: 0, by: -1) {
        for k in (i + 1)..<max(size, i + 1) { x[i] -= L[i * size + k] * x[k] }
        x[i] /= L[i * size + i]
      }
    }
  }

  func forEachLeadingLevel(_ body: (AbsorbedLevel) -> Void) {
    let group = model.groups[layout.leading]
    for j in 0..<group.levelCount { body(absorbedLevel(j)) }
  }

  /// Recomputed: the loops of an evaluation keep no L.
  func absorbedLevel(_ j: Int) -> AbsorbedLevel {
    let group = model.groups[layout.leading]
    let (ℓ, w) = (group.size, model.tail.columns)
    var L = [Double](repeating: 0, count: ℓ * ℓ)
    var P = L
    var pivots = ScalarPivotProduct()
    group.zz.withUnsafeBufferPointer { zz in
      factorizeLevel(
        ℓ, zz.baseAddress! + j * ℓ * ℓ, factors[layout.leading], &L, &P, &pivots)
    }
    switch leadingLevels {
    case .packs:
      var W = [Double](repeating: 0, count: ℓ * w)
      for x in 0..<w {
        for i in 0..<ℓ {
          for k in 0..<ℓ { W[x * ℓ + i] += P[k * ℓ + i] * group.zx[(j * w + x) * ℓ + k] }
        }
      }
      return AbsorbedLevel(
        index: j, size: ℓ, L: L, W: W, rows: Array(layout.size..<layout.size + w))
    case .levels(let levels):
      let columns = levels.columnStarts[j]..<levels.columnStarts[j + 1]
      return AbsorbedLevel(
        index: j, size: ℓ, L: L,
        W: (columns.lowerBound * ℓ..<columns.upperBound * ℓ).map { levels.W.start[$0] },
        rows: columns.map { Int(levels.rows.start[$0]) })
    }
  }
}
