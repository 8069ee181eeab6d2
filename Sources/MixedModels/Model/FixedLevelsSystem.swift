// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// DᵀWD for the levels of absorbed factors, factor after factor: which of them are redundant, and what solves
/// DᵀWD b = r.
protocol FixedLevelsSystem: AnyObject {
  var isRedundant: [Bool] { get }

  /// Overwrites `b`, levels × columns, with (DᵀWD)⁻b, where redundant levels have 0.
  ///
  /// - Throws: `CholmodError`; `FitError.slowSpectrum`.
  func solve(_ b: inout DenseMatrix) throws

  /// bᵀ(DᵀWD)⁻b of the answer F to b.
  func explained(_ b: DenseMatrix, _ F: DenseMatrix) -> DenseMatrix

  /// log |DᵀWD|, redundant levels with twice their squares included; nil where it takes too long.
  var logDeterminant: Double? { get }
}

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

  init(squares: [[Double]], _ pairs: [CoOccurrence], names: [String], dropsLast: Bool = false) {
    (self.names, self.squares, self.pairs, self.dropsLast) = (names, squares, pairs, dropsLast)
    starts = squares.reduce(into: [0]) { $0.append($0.last! + $1.count) }
  }

  /// Two factors of fewer levels have a factor at once.
  private static let fewestIterated = 4000

  /// (DᵀWD)⁻b by elimination of the largest factor's levels and conjugate gradients for the others where there are
  /// many levels, else by a sparse factor; and what solved for it.
  ///
  /// - Parameters:
  ///   - b: Levels × columns.
  ///   - solver: As for random effects: `matrix-free` iterates, `absorb` and `cholmod` factor whatever it takes.
  ///   - threads: That take a part of the columns each.
  /// - Throws: `CholmodError`, `FitError`.
  func solved(
    _ b: DenseMatrix, solver: String, threads: Int
  ) throws -> (answers: DenseMatrix, system: any FixedLevelsSystem) {
    func solved(_ solver: String) throws -> (DenseMatrix, any FixedLevelsSystem) {
      var F = b
      let system = try system(solver: solver, threads: threads)
      try system.solve(&F)
      return (F, system)
    }
    do { return try solved(solver) } catch FitError.slowSpectrum where solver == "auto" {
      return try solved("cholmod")
    }
  }

  /// - Throws: `CholmodError`, `FitError`.
  private func system(solver: String, threads: Int) throws -> any FixedLevelsSystem {
    let isLarge = starts.last! >= Self.fewestIterated
    if solver == "matrix-free" || solver == "auto" && isLarge,
      let iteration = try FixedLevelsIteration(self, threads: threads)
    {
      return iteration
    }
    return try FixedLevelsFactor(self)
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
