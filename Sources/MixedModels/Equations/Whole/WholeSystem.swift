// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The entries of the whole system
///
///     ⎡ΛᵀZᵀWZΛ + Q   ·      ·   ⎤
///     ⎢XᵀWZΛ         XᵀWX   ·   ⎥
///     ⎣yᵀWZΛ         yᵀWX   yᵀWy⎦
///
/// for one Λ at a time, and what its inverse says of the derivatives in Λ.
final class WholeSystem {
  private(set) var model: LinearMixedModel
  let layout: WholePattern
  /// Λ of the last assembly.
  private(set) var factors: [[Double]]
  /// Groups whose Q has parameters.
  private(set) var parametricGroups: [Int] = []
  /// Parallel to the entries of the layout's pattern.
  private(set) var values: [Double]
  /// ℓ × max(ℓ, p + 1) products of one block.
  private var scratch: [Double]

  init(_ model: LinearMixedModel, _ layout: WholePattern) {
    (self.model, self.layout) = (model, layout)
    factors = model.covariance.emptyFactors
    values = Array(repeating: 0, count: layout.pattern.rowIndices.count)
    let widest = model.groups.map(\.size).max() ?? 1
    scratch = Array(repeating: 0, count: widest * max(widest, model.tail.columns))
  }

  var q: Int { layout.randomEffectCount }
  var p: Int { model.fixedEffectCount }

  func start(_ group: Int, _ level: Int) -> Int {
    layout.scalarStart[layout.firstNode[group] + level]
  }

  func weigh(_ coefficients: [Double]) { model = model.weighted(by: coefficients) }

  func relate(_ precisions: [Int: SparsePrecision]) {
    model = model.related(by: precisions)
    parametricGroups = precisions.keys.sorted()
  }

  /// From the order of the equations to that of the groups' levels.
  func effects(_ ordered: [Double]) -> [Double] {
    var u: [Double] = []
    u.reserveCapacity(q)
    for (g, group) in model.groups.enumerated() {
      for level in 0..<group.levelCount {
        let first = start(g, level)
        for i in 0..<group.size { u.append(ordered[first + i]) }
      }
    }
    return u
  }

  /// The blocks of M⁻¹ for the levels of every group, ℓ × ℓ, from its entries on the layout's pattern.
  func levelBlocks(_ G: [Double]) -> [[Double]] {
    model.groups.indices.map { g in
      let (ℓ, levels) = (model.groups[g].size, model.groups[g].levelCount)
      var blocks = [Double](repeating: 0, count: levels * ℓ * ℓ)
      for level in 0..<levels {
        let first = start(g, level)
        for j in 0..<ℓ {
          for i in j..<ℓ {
            let value = G[layout.pattern.columnStarts[first + j] + i - j]
            blocks[(level * ℓ + j) * ℓ + i] = value
            blocks[(level * ℓ + i) * ℓ + j] = value
          }
        }
      }
      return blocks
    }
  }

  /// The blocks of M⁻¹ for the co-occurrences, parallel to those of the model's pairs.
  func pairBlocks(_ G: [Double]) -> [[Double]] {
    var edge = 0
    return model.pairs.map { pair in
      defer { edge += pair.rowLevels.count }
      return pairEntries(pair, firstEdge: edge, G)
    }
  }

  private func pairEntries(_ pair: CoOccurrence, firstEdge: Int, _ G: [Double]) -> [Double] {
    let (m, n) = (model.groups[pair.rowGroup].size, model.groups[pair.columnGroup].size)
    var blocks = [Double](repeating: 0, count: pair.rowLevels.count * m * n)
    for k in pair.rowLevels.indices {
      let place = layout.pairPlacement[firstEdge + k]
      let first =
        place.rowIsColumn
        ? start(pair.rowGroup, Int(pair.rowLevels[k]))
        : start(pair.columnGroup, Int(pair.columnLevels[k]))
      for j in 0..<n {
        for i in 0..<m {
          let (c, r, ℓ) = place.rowIsColumn ? (i, j, m) : (j, i, n)
          blocks[(k * n + j) * m + i] =
            G[layout.pattern.columnStarts[first + c] + (ℓ - c) + place.offset + r]
        }
      }
    }
    return blocks
  }

  func assemble(_ factors: [[Double]]) {
    self.factors = factors
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
    let hasShared = !layout.shared.isEmpty
    for (k, entry) in entries.enumerated() {
      let place = layout.pairPlacement[firstEdge + k]
      let node = layout.firstNode[g] + Int(place.rowIsColumn ? entry.row : entry.column)
      let first = layout.scalarStart[node]
      let isShared = hasShared && layout.shared.contains(firstEdge + k)
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
