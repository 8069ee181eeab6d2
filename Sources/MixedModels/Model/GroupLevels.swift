// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The levels of a grouping factor in R's order.
struct GroupLevels {
  /// Labels; of an interaction the components' labels with “:” between them.
  let labels: [String]
  /// Raw level (cell) → position. Cells that mean the same level share one.
  let rank: [Int]

  init(_ grouping: [FactorVariable], cellSet: Int, builder: DesignBuilder) throws {
    let levels = try grouping.map { try builder.levels(of: $0) }
    let cellCount = builder.products.cellSets[cellSet].count
    if grouping.count == 1 {
      (labels, rank) = (levels[0].labels, levels[0].rank)
      return
    }
    // The tuple of ranks as one number orders cells as R orders an interaction's levels: first factor slowest.
    let keys = (0..<cellCount).map { cell in
      let codes = builder.factorCodes(cellSet, Int32(cell))
      return zip(grouping, levels).map { $1.rank[Int(codes[$0.source]!)] }
    }
    let order = keys.indices.sorted { keys[$0].lexicographicallyPrecedes(keys[$1]) }
    var labels: [String] = []
    var rank = [Int](repeating: 0, count: cellCount)
    var last: [Int]?
    for cell in order {
      if keys[cell] != last {
        labels.append(zip(levels, keys[cell]).map { $0.labels[$1] }.joined(separator: ":"))
        last = keys[cell]
      }
      rank[cell] = labels.count - 1
    }
    (self.labels, self.rank) = (labels, rank)
  }
}
