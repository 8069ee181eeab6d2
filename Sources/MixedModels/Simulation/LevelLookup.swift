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
  case strided(every: Int)
  /// Follows from other factors or the place among the rows of a level.
  case derived
  /// Follows from another factor, for each level of which a level stands here.
  case constant([Int32])

  init(
    _ factor: SimulatedFactor, of design: SimulationDesign, from stream: inout RandomStream
  ) {
    let rows = design.rows
    switch factor.assignment {
    case .uniform: self = .uniform
    case .zipf(let offset, let exponent):
      self = .table(
        AliasTable(weights: (0..<factor.levels).map { pow(Double($0) + offset, -exponent) }))
    case .runs(let shape):
      self = .runs(randomComposition(of: rows, parts: factor.levels, shape: shape, from: &stream))
    case .parent, .blocks, .within, .inTurn, .product: self = .derived
    case .crossed: self = .crossed
    case .strided(let every): self = .strided(every: every)
    case .shares(let shares):
      self = .runs(shares.runs(rows: rows, levels: factor.levels, from: &stream))
    case .random(let shares):
      self = .table(AliasTable(weights: shares.weights(factor.levels, from: &stream)))
    case .weighted(let weights): self = .table(AliasTable(weights: weights))
    case .constant(let of, let weights):
      var codes = (0..<design.factors[of].levels).map { Int32($0 % factor.levels) }
      if let weights { AliasTable(weights: weights).fill(&codes, from: &stream) }
      self = .constant(codes)
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
    case .strided(let every):
      for (i, row) in rows.enumerated() { levels[i] = Int32(row / every % count) }
    case .derived, .constant: break
    }
    return levels
  }

  /// Every row's place among the rows of its level; nil where levels have no place of their own.
  func places(_ rows: Range<Int>, levels: [Int32]) -> [Int]? {
    switch self {
    case .strided(let every): rows.map { $0 % every }
    case .runs(let starts): zip(rows, levels).map { $0 - starts[Int($1)] }
    default: nil
    }
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
