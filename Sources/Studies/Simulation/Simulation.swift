// SPDX-License-Identifier: GPL-2.0-or-later

import NumericalMethods

/// A design with its random effects drawn, ready to give its rows.
///
/// Every column and every block of rows has a random stream of its own, so the table depends on the
/// design and the seed alone (on one machine: the last digits of `log` differ between some).
public struct Simulation: Sendable {
  /// What errors and reports call the table.
  public var name: String
  package let design: SimulationDesign
  private let seed: UInt64
  /// Per factor: what its assignment needs.
  private let lookups: [LevelLookup]
  /// Per covariate: its values by level where it is constant within those of a factor.
  private let constants: [[Double]?]
  /// Per random term: b, levels × columns.
  private let randomEffects: [[Double]]

  /// Rows of one block.
  package static let blockRows = 8192

  public init(_ design: SimulationDesign, seed: UInt64) {
    (self.design, name) = (design, design.name)
    self.seed = seed
    lookups = design.factors.enumerated().map { index, factor in
      var stream = RandomStream(seed: seed, purpose: Purpose.runs + UInt64(index))
      return LevelLookup(factor, of: design, from: &stream)
    }
    constants = design.covariates.enumerated().map { index, covariate in
      guard let factor = covariate.constantWithin else { return nil }
      var stream = RandomStream(seed: seed, purpose: Purpose.constants + UInt64(index))
      let count = design.factors[factor].levels
      return covariate.draw(count, levels: [], places: Array(0..<count), from: &stream)
    }
    randomEffects = design.randomTerms.enumerated().map { index, term in
      var stream = RandomStream(seed: seed, purpose: Purpose.randomEffects + UInt64(index))
      return Self.draw(term, levels: design.factors[term.factor].levels, from: &stream)
    }
  }

  package var blockCount: Int { (design.rows + Self.blockRows - 1) / Self.blockRows }

  /// Draws the rows of block k.
  package func rows(ofBlock k: Int) -> SimulatedRows {
    let first = k * Self.blockRows
    let range = first..<min(first + Self.blockRows, design.rows)
    var rows = SimulatedRows(
      count: range.count, covariates: [], levels: levels(range, block: k), response: [])
    let places = places(range, rows.levels)
    rows.covariates = design.covariates.enumerated().map { index, covariate in
      if let values = constants[index], let factor = covariate.constantWithin {
        return rows.levels[factor].map { values[Int($0)] }
      }
      var stream = stream(Purpose.covariates + UInt64(index), k)
      return covariate.draw(range.count, levels: rows.levels, places: places, from: &stream)
    }
    var noise = [Double](repeating: 0, count: range.count)
    var residuals = stream(Purpose.residuals, k)
    residuals.fillNormal(&noise)
    rows.response = noise.map { $0 * design.residualSD }
    if let weights = design.weights {
      for i in noise.indices { rows.response[i] /= rows.covariates[weights][i].squareRoot() }
    }
    for effect in design.fixedEffects {
      rows.add(effect.coefficient, times: rows.values(of: effect.column, in: design))
    }
    for (term, effects) in zip(design.randomTerms, randomEffects) {
      for (j, column) in term.columns.enumerated() {
        rows.add(
          effects, stride: term.columns.count, offset: j, of: term.factor,
          times: rows.values(of: column, in: design))
      }
    }
    return rows
  }

  /// Places along the rows of a level of the first factor whose rows stay together; along all rows
  /// without one.
  private func places(_ range: Range<Int>, _ levels: [[Int32]]) -> [Int] {
    for (lookup, levels) in zip(lookups, levels) {
      if let places = lookup.places(range, levels: levels) { return places }
    }
    return Array(range)
  }

  private func levels(_ range: Range<Int>, block: Int) -> [[Int32]] {
    var levels = design.factors.indices.map { index in
      var stream = stream(Purpose.levels + UInt64(index), block)
      return lookups[index].levels(
        range, of: design.factors[index].levels,
        laterCells: design.factors[(index + 1)...].reduce(1) { $0 &* $1.levels }, from: &stream)
    }
    let places = places(range, levels)
    for index in design.derivedFactors {
      levels[index] = derivedLevels(index, levels, places, block: block) ?? levels[index]
    }
    return levels
  }

  /// The levels of a factor that follow from those of others; nil where they do not.
  private func derivedLevels(
    _ index: Int, _ levels: [[Int32]], _ places: [Int], block: Int
  ) -> [Int32]? {
    let factor = design.factors[index]
    switch factor.assignment {
    case .parent(let child): return levels[child].map { $0 % Int32(factor.levels) }
    case .blocks(let child):
      let count = design.factors[child].levels
      return levels[child].map { Int32(Int($0) * factor.levels / count) }
    case .within(let parent):
      var stream = stream(Purpose.levels + UInt64(index), block)
      let count = design.factors[parent].levels
      return levels[parent].map { level in
        // Those whose part, as of `blocks`, is this level.
        let first = (Int(level) * factor.levels + count - 1) / count
        let end = ((Int(level) + 1) * factor.levels + count - 1) / count
        return Int32(first) + Int32(stream.below(UInt64(end - first)))
      }
    case .inTurn: return places.map { Int32($0 % factor.levels) }
    case .employer(let worker, _, _):
      guard case .employers(_, let first, let second) = lookups[index] else { return nil }
      return zip(levels[worker], levels[index]).map { worker, choice in
        (choice == 0 ? first : second)[Int(worker)]
      }
    case .constant(let other, _):
      guard case .constant(let codes) = lookups[index] else { return nil }
      return levels[other].map { codes[Int($0)] }
    case .product(let parts):
      return levels[index].indices.map { i in
        parts.reduce(0) { $0 * Int32(design.factors[$1].levels) + levels[$1][i] }
      }
    default: return nil
    }
  }

  private func stream(_ purpose: UInt64, _ block: Int) -> RandomStream {
    RandomStream(seed: seed, purpose: purpose, block: UInt64(block))
  }

  /// b = Lz, levels × columns.
  private static func draw(
    _ term: SimulatedRandomTerm, levels: Int, from stream: inout RandomStream
  ) -> [Double] {
    let width = term.columns.count
    var b = [Double](repeating: 0, count: levels * width)
    stream.fillNormal(&b)
    let L = term.covarianceFactor
    for base in stride(from: 0, to: b.count, by: width) {
      for i in (0..<width).reversed() {  // from below: row i needs z₀…zᵢ only
        var sum = 0.0
        for j in 0...i { sum += L[i][j] * b[base + j] }
        b[base + i] = sum
      }
    }
    return b
  }
}

/// First numbers of the streams of one kind; the index of the column, factor or term is added.
private enum Purpose {
  static let covariates: UInt64 = 0x1_0000
  static let levels: UInt64 = 0x2_0000
  static let runs: UInt64 = 0x3_0000
  static let randomEffects: UInt64 = 0x4_0000
  static let residuals: UInt64 = 0x5_0000
  static let constants: UInt64 = 0x6_0000
}
