// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// DᵀWD itself.
struct FixedLevelsProducts {
  let names: [String]
  /// Of every factor's levels.
  let squares: [[Double]]
  /// Between factors, numbered from 0.
  let pairs: [CoOccurrence]
  /// First level of every factor, and their number at the end.
  let starts: [Int]
  /// Whether redundant levels are those whose columns R drops.
  let dropsLast: Bool
  /// Of constants and slopes of one factor's levels: which are redundant, as no other level has a part in that; nil
  /// for factors.
  let within: [Bool]?

  init(
    squares: [[Double]], _ pairs: [CoOccurrence], names: [String], dropsLast: Bool = false, within: [Bool]? = nil
  ) {
    (self.names, self.squares, self.pairs, self.dropsLast) = (names, squares, pairs, dropsLast)
    self.within = within
    starts = squares.reduce(into: [0]) { $0.append($0.last! + $1.count) }
  }

  /// Of a level among those of all factors.
  func square(_ level: Int) -> Double {
    let k = starts.lastIndex { $0 <= level && level < starts.last! }!
    return squares[k][level - starts[k]]
  }

  /// DᵀWD b
  func applied(to b: DenseMatrix) -> DenseMatrix {
    var result = b
    let N = starts.last!
    for c in 0..<b.columns {
      for (k, own) in squares.enumerated() {
        let first = c * N + starts[k]
        for (level, square) in own.enumerated() { result.storage[first + level] *= square }
      }
      for pair in pairs {
        let (row, column) = (c * N + starts[pair.rowGroup], c * N + starts[pair.columnGroup])
        for k in pair.blocks.indices {
          let (i, j) = (row + Int(pair.rowLevels[k]), column + Int(pair.columnLevels[k]))
          result.storage[i] += pair.blocks[k] * b.storage[j]
          result.storage[j] += pair.blocks[k] * b.storage[i]
        }
      }
    }
    return result
  }
}
