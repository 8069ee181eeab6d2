// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

extension AbsorbedEquations {
  /// u and β by back substitution: the core's first, then u_j = D_j⁻¹Tᵀ(A_jy − A_jXβ − A_joUu_o).
  package func solution() throws -> (u: [Double], β: [Double]) {
    let ζ = try coreSolution()
    var u = model.groups.enumerated().map { g, group in
      [Double](repeating: 0, count: g == layout.leading ? 0 : group.levelCount * group.size)
    }
    for (place, node) in layout.order.enumerated() {
      let g = Int(layout.incidence.groupOfNode[node])
      let (level, m) = (layout.incidence.level(of: node), model.groups[g].size)
      for i in 0..<m { u[g][level * m + i] = -ζ[layout.scalarStart[place] + i] }
    }
    let T = factors[layout.leading]
    u[layout.leading] =
      switch leadingLevels {
      case .packs(let packs):
        packs.modes(T, ζ: ζ, levels: model.groups[layout.leading].levelCount, team)
      case .levels(let levels): levels.modes(T, b: scaled(ζ), team)
      }
    leaves?.setModes(&u, factors, tail: Array(ζ[layout.size...]))
    let β = ζ[layout.size..<layout.size + p].map { -$0 }
    return (u.count == 1 ? u[0] : u.flatMap { $0 }, β)
  }

  /// [−Uu; −β; 1]: the random effects b in place of u.
  func scaled(_ ζ: [Double]) -> [Double] {
    var scaled = ζ
    for place in layout.order.indices {
      let g = Int(groupOfScalar[layout.scalarStart[place]])
      let (m, first) = (model.groups[g].size, layout.scalarStart[place])
      for i in 0..<m {
        scaled[first + i] = (0...i).reduce(0) { $0 + factors[g][$1 * m + i] * ζ[first + $1] }
      }
    }
    return scaled
  }

  /// [−u; −β; 1] for the core's rows.
  func coreSolution() throws -> [Double] {
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
}
