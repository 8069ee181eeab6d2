// SPDX-License-Identifier: GPL-2.0-or-later

/// The complete rows of a fit in working columns, all in memory.
struct WorkingTable: Sendable {
  /// Columns of X, and of Z per level of every group.
  let p: Int
  let sizes: [Int]
  /// Of every group, row after row.
  private(set) var levels: [[Int32]]
  private(set) var z: [[Double]]
  private(set) var x: [Double] = []
  private(set) var weights: [Double] = []
  /// y − Xβ̂, in units of the response.
  private(set) var residuals: [Double] = []

  init(_ model: LinearMixedModel) {
    (p, sizes) = (model.fixedEffectCount, model.groups.map(\.size))
    levels = sizes.map { _ in [] }
    z = sizes.map { _ in [] }
  }

  var count: Int { weights.count }

  /// `e` is y − Xβ̂, NaN where a value is missing.
  mutating func append(_ columns: WorkingRows.Columns, residuals e: [Double]) {
    for row in e.indices where !e[row].isNaN && !columns.rows.weights[row].isNaN {
      for (g, ℓ) in sizes.enumerated() {
        levels[g].append(columns.levels[g][row])
        z[g] += columns.z[g][row * ℓ..<(row + 1) * ℓ]
      }
      x += columns.x[row * p..<(row + 1) * p]
      weights.append(columns.rows.weights[row])
      residuals.append(e[row])
    }
  }

  mutating func append(_ other: WorkingTable) {
    for g in sizes.indices {
      levels[g] += other.levels[g]
      z[g] += other.z[g]
    }
    x += other.x
    weights += other.weights
    residuals += other.residuals
  }

  /// The rows of every level of a group, in their order.
  func rows(of group: Int, levelCount: Int) -> [[Int32]] {
    var rows = [[Int32]](repeating: [], count: levelCount)
    for (row, level) in levels[group].enumerated() { rows[Int(level)].append(Int32(row)) }
    return rows
  }
}
