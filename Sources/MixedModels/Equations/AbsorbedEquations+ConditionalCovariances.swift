// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension AbsorbedEquations {
  /// Blocks of M⁻¹. With G = M⁻¹ of the core (X and y left out) and V_j = W_joU,
  ///
  ///     [M⁻¹]_jj = L_j⁻ᵀ(I + V_j G V_jᵀ)L_j⁻¹.
  package mutating func conditionalCovariances() throws -> [[Double]] {
    let inverse = try coreInverse()
    var blocks = model.groups.map {
      [Double](repeating: 0, count: $0.levelCount * $0.size * $0.size)
    }
    for (place, node) in layout.order.enumerated() {
      let g = Int(layout.incidence.groupOfNode[node])
      let (m, first) = (model.groups[g].size, layout.scalarStart[place])
      let base = layout.incidence.level(of: node) * m * m
      for j in 0..<m {
        for i in 0..<m {
          blocks[g][base + j * m + i] = inverse.entry(first + max(i, j), first + min(i, j))
        }
      }
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
      let place = inverse.placeOfScalar[level.rows[k]]
      let g = Int(layout.incidence.groupOfNode[layout.order[place]])
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

  /// Entries of the core's M⁻¹ where levels meet.
  private struct CoreInverse {
    let placeOfScalar: [Int]
    let dense: DenseMatrix?
    let sparse: InverseSubset?

    /// For i ≥ j.
    func entry(_ i: Int, _ j: Int) -> Double {
      if let dense { return dense.storage[j * dense.rows + i] }
      // Two levels that a leading level occurs with are neighbours in the core.
      return sparse!.lookup(i, j)!
    }
  }

  private func coreInverse() throws -> CoreInverse {
    let places = layout.order.indices.flatMap { place in
      repeatElement(place, count: layout.scalarStart[place + 1] - layout.scalarStart[place])
    }
    switch core {
    case .dense(let dense):
      let inverse = DenseCholesky.inverse(factor: dense.block(0..<layout.size))
      return CoreInverse(placeOfScalar: places, dense: inverse, sparse: nil)
    case .sparse(let sparse):
      let subset = try sparse.factor.inverseSubset(leading: layout.size)
      return CoreInverse(placeOfScalar: places, dense: nil, sparse: subset)
    }
  }
}
