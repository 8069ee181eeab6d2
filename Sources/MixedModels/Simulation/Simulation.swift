// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// A design with its random effects drawn, ready to give its rows.
///
/// Every column and every block of rows has a random stream of its own, so the table depends on
/// the design and the seed
/// alone (on one machine: the last digits of `log` differ between some).
public struct Simulation: Sendable {
  package let design: SimulationDesign
  private let seed: UInt64
  /// Per factor: what its assignment needs.
  private let lookups: [LevelLookup]
  /// Per random term: b, levels × columns.
  private let randomEffects: [[Double]]

  /// Rows of one block.
  package static let blockRows = 8192

  public init(_ design: SimulationDesign, seed: UInt64) {
    self.design = design
    self.seed = seed
    lookups = design.factors.enumerated().map { index, factor in
      var stream = RandomStream(seed: seed, purpose: Purpose.runs + UInt64(index))
      return LevelLookup(
        factor, levels: design.factors.map(\.levels), rows: design.rows, from: &stream)
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
    rows.covariates = design.covariates.enumerated().map { index, covariate in
      var stream = stream(Purpose.covariates + UInt64(index), k)
      return covariate.draw(range.count, levels: rows.levels, from: &stream)
    }
    var noise = [Double](repeating: 0, count: range.count)
    var residuals = stream(Purpose.residuals, k)
    residuals.fillNormal(&noise)
    rows.response = noise.map { $0 * design.residualSD }
    for effect in design.fixedEffects {
      rows.add(effect.coefficient, times: effect.column)
    }
    for (term, effects) in zip(design.randomTerms, randomEffects) {
      for (j, column) in term.columns.enumerated() {
        rows.add(effects, stride: term.columns.count, offset: j, of: term.factor, times: column)
      }
    }
    return rows
  }

  private func levels(_ range: Range<Int>, block: Int) -> [[Int32]] {
    var levels = design.factors.indices.map { index in
      var stream = stream(Purpose.levels + UInt64(index), block)
      return lookups[index].levels(
        range, of: design.factors[index].levels,
        laterCells: design.factors[(index + 1)...].reduce(1) { $0 * $1.levels }, from: &stream)
    }
    for (index, factor) in design.factors.enumerated() {
      if case .parent(let child) = factor.assignment {
        levels[index] = levels[child].map { $0 % Int32(factor.levels) }
      }
      if case .employers(let worker, let first, let second) = lookups[index] {
        levels[index] = zip(levels[worker], levels[index]).map { worker, choice in
          (choice == 0 ? first : second)[Int(worker)]
        }
      }
    }
    return levels
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
}
