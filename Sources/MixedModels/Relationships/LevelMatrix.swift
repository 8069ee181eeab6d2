// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// A symmetric matrix over levels, by its entries.
struct LevelMatrix {
  let levels: [String]
  let diagonal: [Double]
  /// Below the diagonal, by column, then row; not zero.
  let edges: [SparsePrecision.Edge]

  /// From entries of which one of a symmetric pair is enough, and both may be there.
  ///
  /// - Throws: `RelationshipError` for a pair that is there twice in one order, or with another value
  ///   in the other; a level without a diagonal entry, or with one that is not positive.
  init(
    _ entries: [(row: String, column: String, value: Double)]
  ) throws(RelationshipError) {
    var index: [Label: Int32] = [:]
    var (levels, diagonal) = ([String](), [Double]())
    for entry in entries where entry.row.hasBytes(of: entry.column) {
      guard index.updateValue(Int32(levels.count), forKey: Label(entry.row)) == nil else {
        throw .repeated(entry.row, entry.row)
      }
      guard entry.value > 0 else { throw .notPositive(entry.row, entry.value) }
      levels.append(entry.row)
      diagonal.append(entry.value)
    }
    var pairs: [Pair] = []
    for entry in entries {
      guard let i = index[Label(entry.row)] else { throw .noDiagonal(entry.row) }
      guard let j = index[Label(entry.column)] else { throw .noDiagonal(entry.column) }
      if i != j { pairs.append(Pair(row: i, column: j, value: entry.value)) }
    }
    pairs.sort { ($0.low, $0.high, $0.row) < ($1.low, $1.high, $1.row) }
    edges = try Self.edges(pairs, levels)
    (self.levels, self.diagonal) = (levels, diagonal)
  }

  /// An entry off the diagonal, above or below it.
  private struct Pair {
    let row: Int32
    let column: Int32
    let value: Double
    var low: Int32 { min(row, column) }
    var high: Int32 { max(row, column) }
  }

  /// Each of the sorted pairs once.
  private static func edges(
    _ pairs: [Pair], _ levels: [String]
  ) throws(RelationshipError) -> [SparsePrecision.Edge] {
    var edges: [SparsePrecision.Edge] = []
    var last: Pair?
    for pair in pairs {
      defer { last = pair }
      if let last, last.low == pair.low, last.high == pair.high {
        let (a, b) = (levels[Int(last.row)], levels[Int(last.column)])
        guard last.row != pair.row else { throw .repeated(a, b) }
        guard last.value == pair.value else { throw .asymmetric(a, b, last.value, pair.value) }
      } else if pair.value != 0 {
        edges.append(SparsePrecision.Edge(row: pair.high, column: pair.low, value: pair.value))
      }
    }
    return edges
  }

  /// - Throws: `RelationshipError` unless positive definite.
  func logDeterminant() throws(RelationshipError) -> Double {
    guard !diagonal.isEmpty else { return 0 }
    do throws(CholmodError) {
      let value = try PrecisionFactor(diagonal, edges).logDeterminant
      if value.isFinite { return value }
    } catch {
      guard case .notPositiveDefinite(let level) = error else { throw .memoryShortage("\(error)") }
      throw .notPositiveDefinite(levels[level])
    }
    throw .notPositiveDefinite(levels[0])
  }
}
