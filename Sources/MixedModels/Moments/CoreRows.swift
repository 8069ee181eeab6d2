// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// Where the effects of all groups but the leading one, and the columns of X, stand in a dense core.
struct CoreRows {
  /// The first row of every group (meaningless for the leading one), and at the end that of X.
  let firstRows: [Int]
  let count: Int
  private let leading: Int

  /// No group leads if `leading` is negative.
  init(_ model: LinearMixedModel, leading: Int) {
    var next = 0
    var firstRows: [Int] = []
    for (g, group) in model.groups.enumerated() {
      firstRows.append(next)
      if g != leading { next += group.levelCount * group.size }
    }
    self.firstRows = firstRows + [next]
    count = next + model.fixedEffectCount
    self.leading = leading
  }

  /// The blocks of [Z X]ᵀW[Z X] for these rows.
  func assembled(_ model: LinearMixedModel) -> DenseMatrix {
    var C = DenseMatrix(rows: count, columns: count)
    let (p, x) = (model.fixedEffectCount, firstRows[model.groups.count])
    for (g, group) in model.groups.enumerated() where g != leading {
      let ℓ = group.size
      for level in 0..<group.levelCount {
        let first = firstRows[g] + level * ℓ
        for j in 0..<ℓ {
          for i in 0..<ℓ { C[first + i, first + j] = group.zz[(level * ℓ + j) * ℓ + i] }
        }
        for j in 0..<p {
          for i in 0..<ℓ {
            C.setBoth(first + i, x + j, group.zx[(level * (p + 1) + j) * ℓ + i])
          }
        }
      }
    }
    for pair in model.pairs where pair.rowGroup != leading && pair.columnGroup != leading {
      let (m, n) = (model.groups[pair.rowGroup].size, model.groups[pair.columnGroup].size)
      for k in pair.rowLevels.indices {
        let row = firstRows[pair.rowGroup] + Int(pair.rowLevels[k]) * m
        let column = firstRows[pair.columnGroup] + Int(pair.columnLevels[k]) * n
        for j in 0..<n {
          for i in 0..<m { C.setBoth(row + i, column + j, pair.blocks[(k * n + j) * m + i]) }
        }
      }
    }
    for j in 0..<p { for i in 0..<p { C[x + i, x + j] = model.tail[i, j] } }
    return C
  }
}

extension LinearMixedModel {
  /// [Z X]ᵀW[Z X] as one dense matrix, group after group, level after level, X last: of small models.
  package var crossProducts: DenseMatrix { CoreRows(self, leading: -1).assembled(self) }
}

/// The blocks of the leading group's levels against the core: those of the levels that each occurs
/// with, then X.
struct LeadingColumns {
  /// Columns of level j: `starts[j]..<starts[j + 1]`.
  let starts: [Int]
  /// The core's row for every column.
  let rows: [Int]
  /// ℓ × columns, level after level.
  let values: [Double]

  /// - Parameter fixedColumns: of X, that come after those of the levels; nil: all.
  init(_ model: LinearMixedModel, _ core: CoreRows, leading: Int, fixedColumns: Int? = nil) {
    let (group, p) = (model.groups[leading], fixedColumns ?? model.fixedEffectCount)
    let width = model.fixedEffectCount + 1
    let ℓ = group.size
    var starts = [Int](repeating: 0, count: group.levelCount + 1)
    let pairs = model.pairs.filter { $0.rowGroup == leading || $0.columnGroup == leading }
    for pair in pairs {
      let isRow = pair.rowGroup == leading
      let size = model.groups[isRow ? pair.columnGroup : pair.rowGroup].size
      for j in isRow ? pair.rowLevels : pair.columnLevels { starts[Int(j) + 1] += size }
    }
    for j in 0..<group.levelCount { starts[j + 1] += starts[j] + p }
    var next = starts
    var rows = [Int](repeating: 0, count: starts[group.levelCount])
    var values = [Double](repeating: 0, count: starts[group.levelCount] * ℓ)
    for pair in pairs {
      let isRow = pair.rowGroup == leading
      let other = isRow ? pair.columnGroup : pair.rowGroup
      let m = model.groups[other].size
      for k in pair.rowLevels.indices {
        let j = Int(isRow ? pair.rowLevels[k] : pair.columnLevels[k])
        let level = Int(isRow ? pair.columnLevels[k] : pair.rowLevels[k])
        for c in 0..<m {
          rows[next[j] + c] = core.firstRows[other] + level * m + c
          for i in 0..<ℓ {
            let entry = isRow ? c * ℓ + i : i * m + c
            values[(next[j] + c) * ℓ + i] = pair.blocks[k * ℓ * m + entry]
          }
        }
        next[j] += m
      }
    }
    for j in 0..<group.levelCount {
      for c in 0..<p {
        rows[next[j] + c] = core.firstRows[model.groups.count] + c
        for i in 0..<ℓ {
          values[(next[j] + c) * ℓ + i] = group.zx[(j * width + c) * ℓ + i]
        }
      }
    }
    (self.starts, self.rows, self.values) = (starts, rows, values)
  }
}

extension DenseMatrix {
  fileprivate mutating func setBoth(_ i: Int, _ j: Int, _ value: Double) {
    self[i, j] = value
    self[j, i] = value
  }
}
