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
    if grouping.count == 1 {
      (labels, rank) = (levels[0].labels, levels[0].rank)
      return
    }
    let codes = builder.factorCodes(cellSet)
    let ranks = zip(grouping, levels).map { variable, levels in
      codes[variable.source]!.map { levels.rank[Int($0)] }
    }
    let (order, keys) = Self.order(ranks, levels.map(\.labels.count))
    var labels: [String] = []
    var rank = [Int](repeating: 0, count: order.count)
    var last: UInt64?
    for cell in order.lazy.map({ Int($0) }) {
      if keys[cell] != last {
        labels.append(zip(levels, ranks).map { $0.labels[$1[cell]] }.joined(separator: ":"))
        last = keys[cell]
      }
      rank[cell] = labels.count - 1
    }
    (self.labels, self.rank) = (labels, rank)
  }

  /// The cells as R orders an interaction's levels, first factor slowest, and a key that is the
  /// same for the same level: the tuple of ranks as one number.
  private static func order(_ ranks: [[Int]], _ counts: [Int]) -> (order: [UInt32], keys: [UInt64])
  {
    var keys = ranks[0].map { UInt64($0) }
    var bound = counts[0]  // of the keys
    for (ranks, count) in zip(ranks, counts).dropFirst() {
      if bound.multipliedReportingOverflow(by: count).overflow {
        keys = denseKeys(keys, radixOrder(keys))
        bound = keys.count
      }
      keys = zip(keys, ranks).map { $0 * UInt64(count) + UInt64($1) }
      bound *= count
    }
    return (radixOrder(keys), keys)
  }

  /// 0, 1, … in the order of the keys.
  private static func denseKeys(_ keys: [UInt64], _ order: [UInt32]) -> [UInt64] {
    var dense = keys
    var next: UInt64 = 0
    for (position, cell) in order.enumerated() {
      if position > 0, keys[Int(cell)] != keys[Int(order[position - 1])] { next += 1 }
      dense[Int(cell)] = next
    }
    return dense
  }
}
