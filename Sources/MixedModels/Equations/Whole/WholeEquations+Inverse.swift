// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

// Entries of M⁻¹ = (ΛᵀZᵀWZΛ + I)⁻¹ at the Λ of the last update, for predictions.

extension WholeEquations {
  /// M⁻¹ where A has entries: every group's levels, ℓ × ℓ each, and the co-occurrences, parallel to
  /// the blocks of the model's pairs.
  ///
  /// - Throws: `CholmodError`.
  func inverseEntries() throws -> (own: [[Double]], pairs: [[Double]]) {
    let G = try factor.inverseSubset(leading: q).entries(on: layout.pattern)
    return (system.levelBlocks(G), system.pairBlocks(G))
  }

  /// H = M⁻¹ΛᵀZᵀWX, for every group level after level ℓ × p by columns.
  ///
  /// - Throws: `CholmodError`.
  func fixedResponses() throws -> [[Double]] {
    var responses = model.groups.map { group in
      [Double](repeating: 0, count: group.levelCount * group.size * p)
    }
    for x in 0..<p {
      var column = [Double](repeating: 0, count: q)
      for (g, group) in model.groups.enumerated() {
        let (ℓ, T) = (group.size, system.factors[g])
        for level in 0..<group.levelCount {
          let (first, A) = (start(g, level), (level * (p + 1) + x) * ℓ)
          for j in 0..<ℓ {
            for k in j..<ℓ { column[first + j] += T[j * ℓ + k] * group.zx[A + k] }
          }
        }
      }
      try factor.solveLeading(q, &column)
      for (g, group) in model.groups.enumerated() {
        for level in 0..<group.levelCount {
          let first = start(g, level)
          for i in 0..<group.size {
            responses[g][(level * p + x) * group.size + i] = column[first + i]
          }
        }
      }
    }
    return responses
  }

  /// M⁻¹ between levels of two groups, each ℓ_row × ℓ_column by columns, that need not occur
  /// together: a solve for every different level of the group that has fewer of them.
  ///
  /// - Throws: `CholmodError`.
  func crossBlocks(
    _ rowGroup: Int, _ columnGroup: Int, _ wanted: [(row: Int32, column: Int32)]
  ) throws -> [Double] {
    let byRow = Set(wanted.map(\.row)).count <= Set(wanted.map(\.column)).count
    let (m, n) = (model.groups[rowGroup].size, model.groups[columnGroup].size)
    let (solved, width) = byRow ? (rowGroup, m) : (columnGroup, n)
    let order = wanted.indices.sorted { a, b in
      byRow ? wanted[a].row < wanted[b].row : wanted[a].column < wanted[b].column
    }
    var blocks = [Double](repeating: 0, count: wanted.count * m * n)
    var next = 0
    while next < order.count {
      var levels: [Int32] = []
      let batch = next
      while next < order.count {
        let level = byRow ? wanted[order[next]].row : wanted[order[next]].column
        if levels.last != level {
          guard (levels.count + 1) * width <= Self.columnsAtOnce || levels.isEmpty else { break }
          levels.append(level)
        }
        next += 1
      }
      let solutions = try inverseColumns(solved, levels)
      var place = 0
      for k in order[batch..<next] {
        let (row, column) = (Int(wanted[k].row), Int(wanted[k].column))
        if levels[place] != (byRow ? wanted[k].row : wanted[k].column) { place += 1 }
        let other = byRow ? start(columnGroup, column) : start(rowGroup, row)
        for j in 0..<n {
          for i in 0..<m {
            let (own, far) = byRow ? (i, j) : (j, i)
            blocks[(k * n + j) * m + i] = solutions[(place * width + own) * q + other + far]
          }
        }
      }
    }
    return blocks
  }

  private static var columnsAtOnce: Int { 32 }

  /// The columns of M⁻¹ that belong to some levels of one group, q × (levels · ℓ).
  private func inverseColumns(_ group: Int, _ levels: [Int32]) throws -> [Double] {
    let ℓ = model.groups[group].size
    var columns = [Double](repeating: 0, count: q * levels.count * ℓ)
    for (k, level) in levels.enumerated() {
      for i in 0..<ℓ { columns[(k * ℓ + i) * q + start(group, Int(level)) + i] = 1 }
    }
    try factor.solveLeading(q, &columns, columns: levels.count * ℓ)
    return columns
  }
}
