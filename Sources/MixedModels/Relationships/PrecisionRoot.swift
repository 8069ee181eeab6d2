// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// L⁻ᵀ of Q = LLᵀ, which makes effects with the covariance matrix Q⁻¹ from independent ones.
///
/// Nothing changes when it is used, so that many threads can.
struct PrecisionRoot: Sendable {
  /// Place in the factor → level.
  private let order: [Int]
  /// L by columns, each from its diagonal entry on.
  private let starts: [Int]
  /// Levels, not places.
  private let levels: [Int32]
  private let values: [Double]

  /// - Throws: `CholmodError`
  init(_ Q: SparsePrecision) throws(CholmodError) {
    let factor = try PrecisionFactor(Q.diagonal, Q.edges)
    order = factor.order
    var (starts, levels, values): ([Int], [Int32], [Double]) = ([0], [], [])
    for place in order.indices {
      factor.forEachEntry(ofColumn: place) { level, value in
        levels.append(Int32(level))
        values.append(value)
      }
      starts.append(levels.count)
    }
    (self.starts, self.levels, self.values) = (starts, levels, values)
  }

  /// Overwrites `u`, `size` numbers for every level, with L⁻ᵀu of each of them.
  func relate(_ u: inout [Double], size: Int) {
    for (place, level) in order.enumerated().reversed() {
      let pivot = starts[place]
      for k in 0..<size {
        var value = u[level * size + k]
        for e in (pivot + 1)..<max(starts[place + 1], pivot + 1) {
          value -= values[e] * u[Int(levels[e]) * size + k]
        }
        u[level * size + k] = value / values[pivot]
      }
    }
  }
}
