// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Takes rows out of a model's cross-products: they are sums over rows, so this is subtraction.
///
/// The response is what the fixed part of the fit leaves, so that coefficients of a part of the rows are
/// their changes.
struct RowRemoval: Sendable {
  private let model: LinearMixedModel
  private let table: WorkingTable
  /// For every pair of groups and row: where its pair of levels is.
  private let places: [[Int32]]

  init(_ model: LinearMixedModel, _ table: WorkingTable) {
    self.table = table
    places = model.pairs.map { pair in
      let directory = PairPlaces(pair)
      return (0..<table.count).map { row in
        directory.place(table.levels[pair.rowGroup][row], table.levels[pair.columnGroup][row])
      }
    }
    let p = table.p
    var response = ResponseProducts(
      z: model.groups.map { [Double](repeating: 0, count: $0.levelCount * $0.size) },
      x: [Double](repeating: 0, count: p), square: 0)
    for row in 0..<table.count {
      let we = table.weights[row] * table.residuals[row]
      for (g, ℓ) in table.sizes.enumerated() {
        let level = Int(table.levels[g][row])
        for i in 0..<ℓ { response.z[g][level * ℓ + i] += we * table.z[g][row * ℓ + i] }
      }
      for i in 0..<p { response.x[i] += we * table.x[row * p + i] }
      response.square += we * table.residuals[row]
    }
    self.model = model.replacingResponse(response)
  }

  func removing(_ rows: [Int32]) -> LinearMixedModel {
    var tail = model.tail
    let width = table.p + 1
    for row in rows {
      let (w, t) = (table.weights[Int(row)], tailRow(Int(row)))
      for j in 0..<width { for i in 0..<width { tail[i, j] -= w * t[i] * t[j] } }
    }
    return LinearMixedModel(
      observations: model.observations - rows.count, sumOfLogWeights: model.sumOfLogWeights,
      groups: model.groups.indices.map { group($0, without: rows) },
      fixedLevels: nil,
      pairs: model.pairs.indices.map { pair($0, without: rows) }, tail: tail,
      covariance: model.covariance, fixed: model.fixed, terms: model.terms,
      knownVariance: model.knownVariance)
  }

  /// [X y] of one row.
  private func tailRow(_ row: Int) -> [Double] {
    table.x[row * table.p..<(row + 1) * table.p] + [table.residuals[row]]
  }

  private func group(_ g: Int, without rows: [Int32]) -> RandomEffectsGroup {
    let (group, ℓ, width) = (model.groups[g], table.sizes[g], table.p + 1)
    var (zz, zx) = (group.zz, group.zx)
    for row in rows {
      let (level, w) = (Int(table.levels[g][Int(row)]), table.weights[Int(row)])
      let (t, first) = (tailRow(Int(row)), Int(row) * ℓ)
      for i in 0..<ℓ {
        let wz = w * table.z[g][first + i]
        for j in 0..<ℓ { zz[(level * ℓ + j) * ℓ + i] -= wz * table.z[g][first + j] }
        for k in 0..<width { zx[(level * width + k) * ℓ + i] -= wz * t[k] }
      }
    }
    return RandomEffectsGroup(
      size: ℓ, levels: group.levels, zz: zz, zx: zx, rank: group.rank, B: group.B,
        precision: group.precision)
  }

  private func pair(_ index: Int, without rows: [Int32]) -> CoOccurrence {
    let pair = model.pairs[index]
    let (g, h) = (pair.rowGroup, pair.columnGroup)
    let (m, n) = (table.sizes[g], table.sizes[h])
    var blocks = pair.blocks
    for row in rows {
      let (first, w) = (Int(places[index][Int(row)]) * m * n, table.weights[Int(row)])
      for j in 0..<n {
        let wz = w * table.z[h][Int(row) * n + j]
        for i in 0..<m { blocks[first + j * m + i] -= wz * table.z[g][Int(row) * m + i] }
      }
    }
    return CoOccurrence(
      rowGroup: g, columnGroup: h, rowLevels: pair.rowLevels, columnLevels: pair.columnLevels,
      blocks: blocks)
  }
}

/// Where the levels of two groups stand among the pairs that occur.
private struct PairPlaces {
  let pair: CoOccurrence
  /// First pair of every level of the row group.
  private let starts: [Int]

  init(_ pair: CoOccurrence) {
    self.pair = pair
    var starts = [0]
    for (k, level) in pair.rowLevels.enumerated() {
      while starts.count <= Int(level) { starts.append(k) }
    }
    self.starts = starts + [pair.rowLevels.count]
  }

  func place(_ row: Int32, _ column: Int32) -> Int32 {
    var (low, high) = (starts[Int(row)], starts[Int(row) + 1])
    while low < high {
      let middle = (low + high) / 2
      if pair.columnLevels[middle] < column { low = middle + 1 } else { high = middle }
    }
    return Int32(low)
  }
}
