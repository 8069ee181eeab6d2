// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The few levels of further factors beside two large ones, taken for columns of X: with C their products with the
/// eliminated levels e and the kept ones k, what both leave of them is
///
///     R = D_t − CₑᵀDₑ⁻¹Cₑ − GᵀS⁺G,   G = C_k − AᵀDₑ⁻¹Cₑ.
struct FurtherLevels {
  /// Of all factors' levels, factor after factor.
  let levels: [Int]
  /// Those whose columns depend on the others', found in the order in which R drops them, or in the reverse one.
  let redundant: [Int]
  /// The entries of Cₑ by eliminated level.
  private let starts: [Int]
  private let columns: [Int32]
  private let values: [Double]
  private let G: DenseMatrix
  /// S⁺G
  private let Y: DenseMatrix
  /// Of R without the redundant levels.
  private let independent: [Int]
  private let factor: DenseMatrix

  private static let (mostLevels, mostNumbers) = (1000, 1e8)
  /// What is left of a column's square where it depends on others.
  private static let tolerance = 1e-10

  /// - Parameter order: Factors, the largest first.
  static func suits(_ products: FixedLevelsProducts, _ order: [Int]) -> Bool {
    let further = order.dropFirst(2).reduce(0) { $0 + products.squares[$1].count }
    guard further > 0 else { return true }
    return !products.dropsLast && further <= mostLevels
      && Double(further * products.squares[order[1]].count) <= mostNumbers
  }

  /// - Parameter answers: S⁺g for columns g, and what is left of g.
  /// - Throws: `FitError.slowSpectrum`.
  init(
    _ products: FixedLevelsProducts, _ edges: EliminatedVertices, eliminated: Int, kept: Int,
    answers: (DenseMatrix) throws -> (x: DenseMatrix, rest: DenseMatrix)
  ) throws {
    let factors = products.squares.indices.filter { $0 != eliminated && $0 != kept }
    var first = [Int](repeating: -1, count: products.squares.count)
    var levels: [Int] = []
    for k in factors {
      first[k] = levels.count
      levels += products.starts[k]..<products.starts[k + 1]
    }
    let T = levels.count
    self.levels = levels
    var R = DenseMatrix(diagonal: levels.map(products.square))
    var G = DenseMatrix(rows: edges.keptCount, columns: T)
    var entries: [(i: Int32, t: Int32, value: Double)] = []
    for pair in products.pairs {
      let (a, b) = (pair.rowGroup, pair.columnGroup)
      for k in pair.blocks.indices {
        let (i, j, value) = (Int(pair.rowLevels[k]), Int(pair.columnLevels[k]), pair.blocks[k])
        switch (first[a] >= 0, first[b] >= 0) {
        case (true, true):
          R[first[a] + i, first[b] + j] += value
          R[first[b] + j, first[a] + i] += value
        case (true, false) where b == kept: G[j, first[a] + i] += value
        case (false, true) where a == kept: G[i, first[b] + j] += value
        case (true, false): entries.append((Int32(j), Int32(first[a] + i), value))
        case (false, true): entries.append((Int32(i), Int32(first[b] + j), value))
        case (false, false): break
        }
      }
    }
    var starts = [Int](repeating: 0, count: edges.sums.count + 1)
    for entry in entries { starts[Int(entry.i) + 1] += 1 }
    for i in edges.sums.indices { starts[i + 1] += starts[i] }
    var (columns, values, next) = (
      [Int32](repeating: 0, count: entries.count), [Double](repeating: 0, count: entries.count), starts
    )
    for entry in entries {
      let at = next[Int(entry.i)]
      (columns[at], values[at]) = (entry.t, entry.value)
      next[Int(entry.i)] += 1
    }
    for i in edges.sums.indices {
      for a in starts[i]..<starts[i + 1] {
        let (t, share) = (Int(columns[a]), values[a] / edges.sums[i])
        for b in starts[i]..<starts[i + 1] { R[t, Int(columns[b])] -= share * values[b] }
        for k in edges.starts[i]..<edges.starts[i + 1] {
          G[Int(edges.neighbours[k]), t] -= share * edges.weights[k]
        }
      }
    }
    let (Y, rest) = try answers(G)
    // Errors of Y count by their squares.
    let explained = G.multipliedByTransposeOnLeft(Y) + Y.multipliedByTransposeOnLeft(rest)
    for t in 0..<T { for s in 0..<T { R[s, t] -= (explained[s, t] + explained[t, s]) / 2 } }
    let independent = Self.independent(R, levels.map(products.square))
    let isIndependent = Set(independent)
    redundant = (0..<T).filter { !isIndependent.contains($0) }.map { levels[$0] }
    var own = R.submatrix(rows: independent, columns: independent)
    try DenseCholesky.factorize(&own)
    (self.independent, factor) = (independent, own)
    (self.starts, self.columns, self.values, self.G, self.Y) = (starts, columns, values, G, Y)
  }

  /// The columns that do not depend on later ones: of a set that does its first is redundant.
  private static func independent(_ R: DenseMatrix, _ squares: [Double]) -> [Int] {
    var rest = R
    var found: [Int] = []
    for t in (0..<R.rows).reversed() where rest[t, t] > tolerance * squares[t] {
      found.append(t)
      let column = rest.column(t)
      for s in 0..<R.rows where column[s] != 0 {
        let share = column[s] / column[t]
        for u in 0..<R.rows { rest[u, s] -= share * column[u] }
      }
    }
    return found.reversed()
  }

  /// The effects of these levels, t × columns, whose part is taken out of g.
  ///
  /// - Parameter first: The eliminated levels' first row of b.
  func answers(to b: DenseMatrix, _ g: inout DenseMatrix, _ edges: EliminatedVertices, first: Int) -> DenseMatrix {
    var r = b.submatrix(rows: levels, columns: Array(0..<b.columns))
    for c in 0..<b.columns {
      for i in edges.sums.indices where starts[i] < starts[i + 1] {
        let value = b[first + i, c] / edges.sums[i]
        for k in starts[i]..<starts[i + 1] { r[Int(columns[k]), c] -= values[k] * value }
      }
    }
    r = r - Y.multipliedByTransposeOnLeft(g)
    var own = r.submatrix(rows: independent, columns: Array(0..<b.columns))
    DenseCholesky.solve(factor: factor, &own)
    var x = DenseMatrix(rows: levels.count, columns: b.columns)
    for c in 0..<b.columns { for (k, t) in independent.enumerated() { x[t, c] = own[k, c] } }
    g = g - G * x
    return x
  }

  /// Takes Cₑx out of the eliminated levels' rows of b, and puts x in its place.
  func takeOut(_ x: DenseMatrix, of b: inout DenseMatrix, first: Int) {
    for c in 0..<b.columns {
      for i in 0..<starts.count - 1 {
        for k in starts[i]..<starts[i + 1] { b[first + i, c] -= values[k] * x[Int(columns[k]), c] }
      }
      for (t, level) in levels.enumerated() { b[level, c] = x[t, c] }
    }
  }
}
