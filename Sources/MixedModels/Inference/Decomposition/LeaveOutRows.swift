// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Rows of a least-squares fit with absorbed factors: their levels, response and columns.
struct LeaveOutRows: Sendable {
  /// Level of every row, factor after factor.
  var levels: [[Int32]]
  /// Of every factor.
  var levelCounts: [Int]
  /// The response without its offset.
  var y: [Double] = []
  /// Working columns, row after row.
  var x: [Double] = []
  /// Columns of a row.
  let width: Int

  var count: Int { y.count }

  init(levelCounts: [Int], width: Int) {
    levels = levelCounts.map { _ in [] }
    (self.levelCounts, self.width) = (levelCounts, width)
  }

  /// The rows of a fit, read once more.
  ///
  /// - Throws: `DataError`; `FitError`, `InferenceError` if the data changed since they were fitted.
  init(_ fitted: FittedModel) throws {
    let (model, products) = (fitted.model, fitted.products)
    let factors = model.fixedLevels!.factors
    let sets = factors.indices.map { products.basis.groups[model.groups.count + $0].cellSet }
    let ranks = factors.map { $0.rank.map { Int32($0) } }
    let columns = WorkingColumnsOfRows(products, model, lessExplained: false)
    self.init(levelCounts: factors.map(\.levels.count), width: model.fixedEffectCount)
    struct Part: Sendable {
      let levels: [[Int32]]
      let y: [Double]
      let x: [Double]
    }
    let pass = try fitted.residualPass()
    var (all, squares) = (self, 0.0)
    try pass.forEach(with: { block, codes in
      Part(
        levels: zip(sets, ranks).map { set, rank in codes[set].map { rank[Int($0)] } },
        y: block.rawResponse, x: columns(block, codes))
    }) { (rows, part: Part) in
      for e in rows.residuals { squares += e * e }
      for k in all.levels.indices { all.levels[k] += part.levels[k] }
      all.y += part.y
      all.x += part.x
    }
    self = all
    try fitted.requireSameRows("the decomposition", count: count, squares: squares)
  }

  /// Some of the rows, with the levels that occur in them numbered anew.
  func kept(_ rows: [Int]) -> LeaveOutRows {
    var result = LeaveOutRows(levelCounts: levelCounts.map { _ in 0 }, width: width)
    for k in levels.indices {
      var number = [Int32](repeating: -1, count: levelCounts[k])
      var isPresent = [Bool](repeating: false, count: levelCounts[k])
      for row in rows { isPresent[Int(levels[k][row])] = true }
      var next: Int32 = 0
      for level in isPresent.indices where isPresent[level] {
        number[level] = next
        next += 1
      }
      result.levels[k] = rows.map { number[Int(levels[k][$0])] }
      result.levelCounts[k] = Int(next)
    }
    result.y = rows.map { y[$0] }
    guard width > 0 else { return result }
    result.x.reserveCapacity(rows.count * width)
    for row in rows { result.x += x[row * width..<(row + 1) * width] }
    return result
  }

  /// The levels of two factors that occur together, sorted, how often they do, and the pair of every row.
  func pairs(_ a: Int, _ b: Int) -> LevelPairs { LevelPairs(levels[a], levels[b], levelCounts[b]) }
}

/// The pairs of levels that rows have.
struct LevelPairs: Sendable {
  private(set) var first: [Int32] = []
  private(set) var second: [Int32] = []
  private(set) var counts: [Int] = []
  /// Pair of every row.
  private(set) var ofRow: [Int32]

  /// - Parameter width: Levels of the second factor.
  init(_ a: [Int32], _ b: [Int32], _ width: Int) {
    let keys = zip(a, b).map { UInt64($0) * UInt64(max(width, 1)) + UInt64($1) }
    let order = keys.indices.sorted { keys[$0] < keys[$1] }
    ofRow = Array(repeating: 0, count: keys.count)
    var last: UInt64?
    for row in order {
      if keys[row] != last {
        first.append(a[row])
        second.append(b[row])
        counts.append(0)
        last = keys[row]
      }
      counts[counts.count - 1] += 1
      ofRow[row] = Int32(counts.count - 1)
    }
  }

  var count: Int { counts.count }
}
