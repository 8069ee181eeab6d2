// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The sets of levels of two factors that rows connect, and in each the level that is redundant.
struct ConnectedSets {
  /// Set of every level.
  let ofEliminated: [Int32]
  let ofKept: [Int32]
  /// Of every set, as a level among those of all factors.
  let redundant: [Int]
  /// Whether these are levels of the factor that is kept.
  private let isOfKept: Bool

  init(_ products: FixedLevelsProducts, _ edges: EliminatedVertices, eliminated: Int, kept: Int) {
    let (m, n) = (edges.sums.count, edges.keptCount)
    isOfKept = kept > eliminated
    var components = LevelComponents(count: m + n)
    let first = isOfKept ? (eliminated: 0, kept: m) : (eliminated: n, kept: 0)
    for i in 0..<m {
      for k in edges.starts[i]..<edges.starts[i + 1] {
        components.join(first.eliminated + i, first.kept + Int(edges.neighbours[k]))
      }
    }
    let counts = isOfKept ? (m, n) : (n, m)
    let start = products.starts[max(eliminated, kept)]
    var numbers = [Int32](repeating: -1, count: m + n)
    var redundant: [Int] = []
    for level in components.redundantLevels(counts, prefersLast: products.dropsLast) {
      numbers[components.root(counts.0 + level)] = Int32(redundant.count)
      redundant.append(start + level)
    }
    self.redundant = redundant
    func set(_ node: Int) -> Int32 { numbers[components.root(node)] }
    ofEliminated = (0..<m).map { set(first.eliminated + $0) }
    ofKept = (0..<n).map { set(first.kept + $0) }
  }

  /// Moves the redundant levels' effects into those of the other factor.
  ///
  /// - Parameters:
  ///   - b: Columns over all levels.
  ///   - eliminated: Where a column's eliminated levels begin.
  ///   - kept: Where the others do.
  ///   - column: Where the column begins.
  func hold(_ b: inout [Double], eliminated: Int, kept: Int, column: Int) {
    let sign = isOfKept ? 1.0 : -1.0
    let held = redundant.map { sign * b[column + $0] }
    for (i, set) in ofEliminated.enumerated() { b[eliminated + i] += held[Int(set)] }
    for (j, set) in ofKept.enumerated() { b[kept + j] -= held[Int(set)] }
    for level in redundant { b[column + level] = 0 }
  }
}
