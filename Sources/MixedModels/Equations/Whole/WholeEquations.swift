// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// The whole system as one sparse symmetric matrix in CHOLMOD, y its last row:
///
///     ⎡ΛᵀZᵀWZΛ + Q   ·      ·   ⎤       ⎡L_zz          ⎤
///     ⎢XᵀWZΛ         XᵀWX   ·   ⎥   L = ⎢L_xz  L_xx    ⎥
///     ⎣yᵀWZΛ         yᵀWX   yᵀWy⎦       ⎣l_yz  l_yx   r⎦
///
/// One factorization gives log |M| = 2 log |L_zz|, log |XᵀV⁻¹X| = 2 log |L_xx| and r² (Bates et al.
/// 2015, §3.3).
package final class WholeEquations: MixedModelEquations {
  private(set) var model: LinearMixedModel
  let layout: WholePattern
  var factor: SparseCholesky
  /// Λ of the last update.
  private(set) var factors: [[Double]]
  /// Groups whose Q has parameters.
  private(set) var parametricGroups: [Int] = []
  private var values: [Double]
  /// ℓ × max(ℓ, p + 1) products of one block.
  private var scratch: [Double]

  package init(_ model: LinearMixedModel) throws {
    let layout = try WholePattern(model)
    let factor = try SparseCholesky(analyzing: layout.pattern)
    self.model = model
    self.layout = layout
    self.factor = factor
    factors = model.covariance.emptyFactors
    values = Array(repeating: 0, count: layout.pattern.rowIndices.count)
    let widest = model.groups.map(\.size).max() ?? 1
    scratch = Array(repeating: 0, count: widest * max(widest, model.tail.columns))
  }

  var q: Int { layout.randomEffectCount }
  var p: Int { model.fixedEffectCount }

  package func weigh(_ coefficients: [Double]) { model = model.weighted(by: coefficients) }

  package func relate(_ precisions: [Int: SparsePrecision]) {
    model = model.related(by: precisions)
    parametricGroups = precisions.keys.sorted()
  }

  package func update(_ factors: [[Double]]) throws {
    self.factors = factors
    assemble(factors)
    let yColumn = q + p
    do {
      try factor.factorize(values)
    } catch CholmodError.notPositiveDefinite(let column) where column == yColumn {
      throw FitError.zeroResidualVariance
    }
  }

  package var logDeterminantM: Double { factor.logDeterminant(0..<q) }
  package var logDeterminantRX: Double { factor.logDeterminant(q..<(q + p)) }
  package var penalizedResidualSumOfSquares: Double {
    let r = factor.diagonal(q + p)
    return r * r
  }

  package func solution() throws -> (u: [Double], β: [Double]) {
    let z = try solutionInPlace()
    var u: [Double] = []
    u.reserveCapacity(q)
    for (g, group) in model.groups.enumerated() {
      for level in 0..<group.levelCount {
        let start = layout.scalarStart[layout.firstNode[g] + level]
        for i in 0..<group.size { u.append(-z[start + i]) }
      }
    }
    return (u, (0..<p).map { -z[q + $0] })
  }

  /// [−u; −β; 1], u in the order of the equations.
  func solutionInPlace() throws -> [Double] {
    // Lᵀz = e_last: z = [−u; −β; 1] / r
    var z = [Double](repeating: 0, count: q + p + 1)
    z[q + p] = 1
    try factor.solveLᵀ(&z)
    let last = z[q + p]
    for i in z.indices { z[i] /= last }
    return z
  }

  package func fixedEffectsCovariance() throws -> DenseMatrix {
    guard p > 0 else { return DenseMatrix(rows: 0, columns: 0) }
    let block = factor.trailingBlock(from: q)
    var L = DenseMatrix(rows: p, columns: p)
    for j in 0..<p { for i in j..<p { L[i, j] = block[i, j] } }
    return DenseCholesky.inverse(factor: L)
  }

  package func conditionalCovariances() throws -> [[Double]] {
    let inverse = try factor.inverseSubset(leading: q)
    return model.groups.indices.map { g in
      let group = model.groups[g]
      var blocks = [Double](repeating: 0, count: group.levelCount * group.size * group.size)
      for level in 0..<group.levelCount {
        let start = layout.scalarStart[layout.firstNode[g] + level]
        let base = level * group.size * group.size
        for j in 0..<group.size {
          for i in j..<group.size {
            let value = inverse.lookup(start + i, start + j)!
            blocks[base + j * group.size + i] = value
            blocks[base + i * group.size + j] = value
          }
        }
      }
      return blocks
    }
  }

  package var description: SolverSummary {
    SolverSummary(strategy: "cholmod", factorNonzeros: factor.factorNonzeros)
  }

  private func assemble(_ factors: [[Double]]) {
    // Taken out, so that loops over them need not look whether others reach them.
    var (values, scratch) = (values, scratch)
    (self.values, self.scratch) = ([], [])
    defer { (self.values, self.scratch) = (values, scratch) }
    for g in model.groups.indices { assembleLevels(g, factors[g], &values, &scratch) }
    var edge = 0
    for pair in model.pairs {
      assemblePairs(
        pair, firstEdge: edge, factors[pair.rowGroup], factors[pair.columnGroup], &values, &scratch)
      edge += pair.rowLevels.count
    }
    for g in model.groups.indices {
      let entries = model.groups[g].precision.edges
      assemblePrecision(entries, of: g, firstEdge: edge, &values)
      edge += entries.count
    }
    for j in 0...p {
      let start = layout.pattern.columnStarts[q + j]
      for i in j...p { values[start + i - j] = model.tail[i, j] }
    }
  }

  /// q_ij I for every entry of a group's Q below its diagonal.
  private func assemblePrecision(
    _ entries: [SparsePrecision.Edge], of g: Int, firstEdge: Int, _ values: inout [Double]
  ) {
    let ℓ = model.groups[g].size
    for (k, entry) in entries.enumerated() {
      let place = layout.pairPlacement[firstEdge + k]
      let node = layout.firstNode[g] + Int(place.rowIsColumn ? entry.row : entry.column)
      let first = layout.scalarStart[node]
      let isShared = layout.shared.contains(firstEdge + k)
      for c in 0..<ℓ {
        let below = layout.pattern.columnStarts[first + c] + (ℓ - c) + place.offset
        if isShared {
          values[below + c] += entry.value
        } else {
          for r in 0..<ℓ { values[below + r] = r == c ? entry.value : 0 }
        }
      }
    }
  }

  /// TᵀA_zzT + q_jj I and TᵀA_zx of every level; T is lower triangular.
  private func assembleLevels(
    _ g: Int, _ T: [Double], _ values: inout [Double], _ scratch: inout [Double]
  ) {
    let group = model.groups[g]
    let (ℓ, width) = (group.size, p + 1)
    for level in 0..<group.levelCount {
      let own = group.precision.diagonal(level)
      let node = layout.firstNode[g] + level
      let first = layout.scalarStart[node]
      multiply(group.zz, at: level * ℓ * ℓ, rows: ℓ, columns: ℓ, byLower: T, &scratch)  // A T
      for j in 0..<ℓ {
        let column = layout.pattern.columnStarts[first + j]
        for i in j..<ℓ {
          var sum = i == j ? own : 0
          for k in i..<ℓ { sum += T[i * ℓ + k] * scratch[j * ℓ + k] }
          values[column + i - j] = sum
        }
        let tail = column + (ℓ - j) + layout.tailOffset[node]
        let base = level * ℓ * width
        for x in 0..<width {
          var sum = 0.0
          for k in j..<ℓ { sum += T[j * ℓ + k] * group.zx[base + x * ℓ + k] }
          values[tail + x] = sum
        }
      }
    }
  }

  /// TᵀA U for every pair of levels of two groups.
  private func assemblePairs(
    _ pair: CoOccurrence, firstEdge: Int, _ T: [Double], _ U: [Double],
    _ values: inout [Double], _ scratch: inout [Double]
  ) {
    let m = model.groups[pair.rowGroup].size
    let n = model.groups[pair.columnGroup].size
    for k in pair.rowLevels.indices {
      multiply(pair.blocks, at: k * m * n, rows: m, columns: n, byLower: U, &scratch)  // A U
      let place = layout.pairPlacement[firstEdge + k]
      let rowNode = layout.firstNode[pair.rowGroup] + Int(pair.rowLevels[k])
      let columnNode = layout.firstNode[pair.columnGroup] + Int(pair.columnLevels[k])
      let first = layout.scalarStart[place.rowIsColumn ? rowNode : columnNode]
      for j in 0..<n {
        for i in 0..<m {
          var sum = 0.0
          for h in i..<m { sum += T[i * m + h] * scratch[j * m + h] }
          // The column of the lower triangle belongs to the node that was ordered first.
          let (c, r, ℓ) = place.rowIsColumn ? (i, j, m) : (j, i, n)
          values[layout.pattern.columnStarts[first + c] + (ℓ - c) + place.offset + r] = sum
        }
      }
    }
  }

  /// scratch ← A T for a block A, rows × columns column-major, and a lower triangular T.
  private func multiply(
    _ A: [Double], at base: Int, rows: Int, columns: Int, byLower T: [Double],
    _ scratch: inout [Double]
  ) {
    for j in 0..<columns {
      for i in 0..<rows {
        var sum = 0.0
        for k in j..<columns { sum += A[base + k * rows + i] * T[j * columns + k] }
        scratch[j * rows + i] = sum
      }
    }
  }
}
