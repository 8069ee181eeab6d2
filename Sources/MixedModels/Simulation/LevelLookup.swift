// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// How rows find their level of one factor.
enum LevelLookup: Sendable {
  case uniform
  case table(AliasTable)
  /// First row of every level, and the number of rows.
  case runs([Int])
  case crossed
  /// Follows from another factor.
  case derived

  init(_ factor: SimulatedFactor, rows: Int, from stream: inout RandomStream) {
    switch factor.assignment {
    case .uniform: self = .uniform
    case .zipf(let offset, let exponent):
      self = .table(
        AliasTable(weights: (0..<factor.levels).map { pow(Double($0) + offset, -exponent) }))
    case .runs(let shape):
      self = .runs(randomComposition(of: rows, parts: factor.levels, shape: shape, from: &stream))
    case .parent: self = .derived
    case .crossed: self = .crossed
    }
  }

  /// The levels of consecutive rows.
  func levels(
    _ rows: Range<Int>, of count: Int, laterCells: Int, from stream: inout RandomStream
  ) -> [Int32] {
    var levels = [Int32](repeating: 0, count: rows.count)
    switch self {
    case .uniform: stream.fillBelow(count, &levels)
    case .table(let table): table.fill(&levels, from: &stream)
    case .runs(let starts): Self.fill(&levels, rows, starts)
    case .crossed:
      for (i, row) in rows.enumerated() { levels[i] = Int32(row / laterCells % count) }
    case .derived: break
    }
    return levels
  }

  /// Level k has the rows `starts[k]..<starts[k + 1]`.
  private static func fill(_ levels: inout [Int32], _ rows: Range<Int>, _ starts: [Int]) {
    // The last level that starts at or before the first row.
    var (low, high) = (0, starts.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= rows.lowerBound { low = middle } else { high = middle }
    }
    for (i, row) in rows.enumerated() {
      while starts[low + 1] <= row { low += 1 }
      levels[i] = Int32(low)
    }
  }
}
