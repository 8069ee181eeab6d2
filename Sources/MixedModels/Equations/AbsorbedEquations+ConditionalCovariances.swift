// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension AbsorbedEquations {
  /// Blocks of M⁻¹. With G = M⁻¹ of the core (X and y left out) and V_j = W_joU,
  ///
  ///     [M⁻¹]_jj = L_j⁻ᵀ(I + V_j G V_jᵀ)L_j⁻¹.
  package mutating func conditionalCovariances() throws -> [[Double]] {
    let inverse = try invertCore(leading: layout.size)
    var blocks = model.groups.map {
      [Double](repeating: 0, count: $0.levelCount * $0.size * $0.size)
    }
    for (place, node) in layout.order.enumerated() {
      let g = Int(layout.incidence.groupOfNode[node])
      let (m, first) = (model.groups[g].size, layout.scalarStart[place])
      let base = layout.incidence.level(of: node) * m * m
      blocks[g].replaceSubrange(base..<base + m * m, with: inverse.block(first, m))
    }
    let group = model.groups[layout.leading]
    let ℓ = group.size
    blocks[layout.leading].withUnsafeMutableBufferPointer { target in
      let target = target.baseAddress!
      team.forEach(64) { _, part in
        let levels = part * group.levelCount / 64..<(part + 1) * group.levelCount / 64
        for j in levels { fillBlock(absorbedLevel(j), inverse, target + j * ℓ * ℓ) }
      }
    }
    return blocks
  }

  private func fillBlock(
    _ level: AbsorbedLevel, _ inverse: CoreInverse, _ target: UnsafeMutablePointer<Double>
  ) {
    let ℓ = level.size
    let count = level.rows.count - model.tail.columns
    var V = level.W
    var k = 0
    while k < count {
      let g = Int(groupOfScalar[level.rows[k]])
      let (m, U) = (model.groups[g].size, factors[g])
      for c in 0..<m {
        for i in 0..<ℓ {
          var sum = 0.0
          for h in c..<m { sum += level.W[(k + h) * ℓ + i] * U[c * m + h] }
          V[(k + c) * ℓ + i] = sum
        }
      }
      k += m
    }
    // Q = I + V G Vᵀ
    var Q = [Double](repeating: 0, count: ℓ * ℓ)
    for i in 0..<ℓ { Q[i * ℓ + i] = 1 }
    var product = [Double](repeating: 0, count: ℓ)
    for s in 0..<count {
      for i in 0..<ℓ { product[i] = 0 }
      for r in 0..<count {
        let value = inverse.entry(
          max(level.rows[r], level.rows[s]), min(level.rows[r], level.rows[s]))
        for i in 0..<ℓ { product[i] += V[r * ℓ + i] * value }
      }
      for j in 0..<ℓ { for i in 0..<ℓ { Q[j * ℓ + i] += product[i] * V[s * ℓ + j] } }
    }
    // L⁻ᵀ Q L⁻¹: columns, then rows.
    for _ in 0..<2 {
      for j in 0..<ℓ {
        var column = Array(Q[j * ℓ..<(j + 1) * ℓ])
        level.solveTransposed(&column)
        Q.replaceSubrange(j * ℓ..<(j + 1) * ℓ, with: column)
      }
      Q = (0..<ℓ * ℓ).map { Q[$0 % ℓ * ℓ + $0 / ℓ] }
    }
    for i in 0..<ℓ * ℓ { target[i] = Q[i] }
  }

  /// G, the inverse of the core's leading k × k block. A dense core is inverted in place: until the
  /// next update there are no other answers.
  mutating func invertCore(leading k: Int) throws -> CoreInverse {
    switch core {
    case .dense(let dense):
      precondition(isFactored, "the core was inverted: update first")
      isFactored = false
      TiledCholesky.invert(dense.matrix.start, size: k, stride: dense.size, team)
      return .dense(dense.matrix.start, stride: dense.size)
    case .sparse(let sparse): return .sparse(try sparse.factor.inverseSubset(leading: k))
    }
  }
}
