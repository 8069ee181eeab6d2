// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// dᵀ(DᵀWD)⁻d for the levels d that a row has of absorbed factors, by the inverse's entries for levels that occur
/// together.
struct LeveragesOfLevels: Sendable {
  /// Of every factor's levels.
  private let own: [[Double]]
  private let pairs: [Pair]

  private struct Pair: Sendable {
    let factors: (Int, Int)
    /// First pair of every level of the first factor, and their number at the end.
    let starts: [Int]
    /// Ascending within a level of the first factor.
    let second: [Int32]
    let joint: [Double]

    func entry(_ a: Int, _ b: Int) -> Double {
      var (low, high) = (starts[a], starts[a + 1])
      while high - low > 1 {
        let middle = (low + high) / 2
        if second[middle] <= b { low = middle } else { high = middle }
      }
      return joint[low]
    }
  }

  /// Levels of the factor with the second most, up to which the inverse's entries are computed.
  static let mostLevels = 100_000

  /// - Throws: `CholmodError`; `FitError` where memory ends.
  init(_ levels: FixedLevels) throws {
    let products = levels.products
    let (own, joint) = try FixedLevelsFactor(products, holdsRedundant: true).inverseEntries(
      products.pairs.map {
        (products.starts[$0.rowGroup], products.starts[$0.columnGroup], $0.rowLevels, $0.columnLevels)
      })
    let square = levels.unit * levels.unit
    self.own = levels.factors.indices.map { k in
      own[products.starts[k]..<products.starts[k + 1]].map { square * $0 }
    }
    pairs = zip(products.pairs, joint).map { pair, joint in
      var starts = [Int](repeating: 0, count: levels.factors[pair.rowGroup].levels.count + 1)
      for level in pair.rowLevels { starts[Int(level) + 1] += 1 }
      for level in 1..<starts.count { starts[level] += starts[level - 1] }
      return Pair(
        factors: (pair.rowGroup, pair.columnGroup), starts: starts, second: pair.columnLevels,
        joint: joint.map { square * $0 })
    }
  }

  /// Of a row without its weight.
  ///
  /// - Parameter level: Of every factor.
  func callAsFunction(_ level: [Int]) -> Double {
    let sum = own.indices.reduce(0.0) { $0 + own[$1][level[$1]] }
    return pairs.reduce(sum) { $0 + 2 * $1.entry(level[$1.factors.0], level[$1.factors.1]) }
  }
}
