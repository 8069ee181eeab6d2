// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension WholeEquations {
  /// Slopes from the entries of G = K⁻¹ (M⁻¹ for ML) on the pattern of A:
  ///
  ///     Σ_j Σ_o A_joT_oG_oj   and   Σ_j s_ju_jᵀ   with   s_j = Σ_o A_joT_oζ_o,   ζ = [−u; −β; 1].
  package mutating func slopes(_ kind: CriterionKind) throws -> CovarianceSlopes {
    let ζ = try solutionInPlace()
    let G = try factor.inverseSubset(leading: q + (kind == .reml ? p : 0))
      .entries(on: layout.pattern)
    var slopes = CovarianceSlopes(
      logDeterminant: model.covariance.emptyFactors, residual: model.covariance.emptyFactors)
    for (g, group) in model.groups.enumerated() {
      for level in 0..<group.levelCount { addLevel(g, level, G, ζ, to: &slopes) }
    }
    var edge = 0
    for pair in model.pairs {
      for k in pair.rowLevels.indices { addPair(pair, k, edge + k, G, ζ, to: &slopes) }
      edge += pair.rowLevels.count
    }
    return slopes
  }

  func start(_ group: Int, _ level: Int) -> Int {
    layout.scalarStart[layout.firstNode[group] + level]
  }

  private func addLevel(
    _ g: Int, _ level: Int, _ G: [Double], _ ζ: [Double], to slopes: inout CovarianceSlopes
  ) {
    let (group, T) = (model.groups[g], factors[g])
    let (ℓ, width, first) = (group.size, p + 1, start(g, level))
    let node = layout.firstNode[g] + level
    var own = DenseMatrix(rows: ℓ, columns: ℓ)  // G_jj
    var fixed = DenseMatrix(rows: width, columns: ℓ)  // G_Xj
    for j in 0..<ℓ {
      let column = layout.pattern.columnStarts[first + j]
      for i in j..<ℓ {
        own[i, j] = G[column + i - j]
        own[j, i] = own[i, j]
      }
      for x in 0..<width { fixed[x, j] = G[column + (ℓ - j) + layout.tailOffset[node] + x] }
    }
    let A = DenseMatrix(
      rows: ℓ, columns: ℓ, storage: Array(group.zz[level * ℓ * ℓ..<(level + 1) * ℓ * ℓ]))
    let tail = DenseMatrix(
      rows: ℓ, columns: width, storage: Array(group.zx[level * ℓ * width..<(level + 1) * ℓ * width])
    )
    let AT = A * DenseMatrix(rows: ℓ, columns: ℓ, storage: T)
    slopes.logDeterminant[g].add((AT * own).storage)
    slopes.logDeterminant[g].add((tail * fixed).storage)
    let u = Array(ζ[first..<first + ℓ])
    let s = zip(AT * u, tail * Array(ζ[q..<q + width])).map { $0 + $1 }
    slopes.residual[g].subtractOuter(s, u)
  }

  private func addPair(
    _ pair: CoOccurrence, _ k: Int, _ edge: Int, _ G: [Double], _ ζ: [Double],
    to slopes: inout CovarianceSlopes
  ) {
    let (m, n) = (model.groups[pair.rowGroup].size, model.groups[pair.columnGroup].size)
    let rowStart = start(pair.rowGroup, Int(pair.rowLevels[k]))
    let columnStart = start(pair.columnGroup, Int(pair.columnLevels[k]))
    let place = layout.pairPlacement[edge]
    var own = DenseMatrix(rows: m, columns: n)  // G of row level and column level
    for j in 0..<n {
      for i in 0..<m {
        let (c, r, ℓ) = place.rowIsColumn ? (i, j, m) : (j, i, n)
        let first = place.rowIsColumn ? rowStart : columnStart
        own[i, j] = G[layout.pattern.columnStarts[first + c] + (ℓ - c) + place.offset + r]
      }
    }
    let A = DenseMatrix(
      rows: m, columns: n, storage: Array(pair.blocks[k * m * n..<(k + 1) * m * n]))
    let T = DenseMatrix(rows: m, columns: m, storage: factors[pair.rowGroup])
    let U = DenseMatrix(rows: n, columns: n, storage: factors[pair.columnGroup])
    let (AU, AᵀT) = (A * U, A.transposed * T)
    slopes.logDeterminant[pair.rowGroup].add((AU * own.transposed).storage)
    slopes.logDeterminant[pair.columnGroup].add((AᵀT * own).storage)
    let (u, v) = (Array(ζ[rowStart..<rowStart + m]), Array(ζ[columnStart..<columnStart + n]))
    slopes.residual[pair.rowGroup].subtractOuter(AU * v, u)
    slopes.residual[pair.columnGroup].subtractOuter(AᵀT * u, v)
  }
}

extension [Double] {
  fileprivate mutating func add(_ other: [Double]) {
    for i in indices { self[i] += other[i] }
  }

  /// self − a bᵀ, by columns.
  fileprivate mutating func subtractOuter(_ a: [Double], _ b: [Double]) {
    for j in b.indices { for i in a.indices { self[j * a.count + i] -= a[i] * b[j] } }
  }
}
