// SPDX-License-Identifier: GPL-2.0-or-later

import Glibc
import NumericalMethods

/// How rows find their level of one factor.
enum LevelLookup: Sendable {
  case uniform
  case table(AliasTable)
  /// The same, but evenly spread rows take one level each, in turn.
  case completeTable(AliasTable, distance: Int)
  /// First row of every level, and the number of rows.
  case runs([Int])
  case crossed
  case strided(every: Int)
  /// Follows from other factors or the place among the rows of a level.
  case derived
  /// Follows from another factor, for each level of which a level stands here.
  case constant([Int32])
  /// First and second level of every level of another factor.
  case employers(of: Int, first: [Int32], second: [Int32])

  init(
    _ factor: SimulatedFactor, of design: SimulationDesign, from stream: inout RandomStream
  ) {
    let rows = design.rows
    switch factor.assignment {
    case .uniform: self = .uniform
    case .zipf(let offset, let exponent):
      self = .table(
        AliasTable(weights: (0..<factor.levels).map { pow(Double($0) + offset, -exponent) }))
    case .lognormal(let deviation, let most):
      let weights = lognormal(factor.levels, deviation: deviation, from: &stream)
      self = .completeTable(
        AliasTable(weights: weights.map { min($0, most) }), distance: max(rows / factor.levels, 1))
    case .runs(let shape):
      self = .runs(randomComposition(of: rows, parts: factor.levels, shape: shape, from: &stream))
    case .parent, .blocks, .within, .inTurn, .product: self = .derived
    case .lognormalRuns(let least, let deviation):
      self = .runs(
        split(
          rows, least: least,
          in: lognormal(factor.levels, deviation: deviation, from: &stream)))
    case .employer(let worker, let movers, let reach):
      let (first, second) = placesOfWork(
        workers: design.factors[worker].levels, firms: factor.levels, movers: movers, reach: reach,
        from: &stream)
      self = .employers(of: worker, first: first, second: second)
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
    case .completeTable(let table, let distance):
      table.fill(&levels, from: &stream)
      for (i, row) in rows.enumerated() where row % distance == 0 && row / distance < count {
        levels[i] = Int32(row / distance)
      }
    case .runs(let starts): Self.fill(&levels, rows, starts)
    case .crossed:
      for (i, row) in rows.enumerated() { levels[i] = Int32(row / laterCells % count) }
    case .strided(let every):
      for (i, row) in rows.enumerated() { levels[i] = Int32(row / every % count) }
    case .employers: stream.fillBelow(2, &levels)  // the first or the second
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

/// exp(deviation × z) for independent standard normal z.
private func lognormal(
  _ count: Int, deviation: Double, from stream: inout RandomStream
) -> [Double] {
  var z = [Double](repeating: 0, count: count)
  stream.fillNormal(&z)
  return z.map { exp(deviation * $0) }
}

/// Running totals of `rows` split among parts: `least` each as far as they reach, the others in
/// proportion to `weights`.
private func split(_ rows: Int, least: Int, in weights: [Double]) -> [Int] {
  let least = min(least, rows / weights.count)
  let rest = Double(rows - least * weights.count)
  let total = weights.reduce(0, +)
  var sum = 0.0
  var starts = [0]
  starts.reserveCapacity(weights.count + 1)
  for (k, weight) in weights.enumerated() {
    sum += weight
    starts.append(least * (k + 1) + Int(rest * min(sum / total, 1)))
  }
  starts[weights.count] = rows
  return starts
}

/// The firms of every worker, the same one twice for those who stay.
///
/// Large firms are few.
private func placesOfWork(
  workers: Int, firms: Int, movers: Double, reach: Int, from stream: inout RandomStream
) -> (first: [Int32], second: [Int32]) {
  // Spread by a golden step, so that neighbours differ in size.
  let sizes = AliasTable(
    weights: (0..<firms).map { 1 / (10 + Double(($0 &* 0x9E37_79B1) % firms)) })
  var first = [Int32](repeating: 0, count: workers)
  sizes.fill(&first, from: &stream)
  let second = first.map { firm -> Int32 in
    guard stream.uniform() < movers else { return firm }
    let step = 1 + Int(stream.below(UInt64(reach)))
    return Int32((Int(firm) + step) % firms)
  }
  return (first, second)
}
