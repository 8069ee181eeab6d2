// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// DᵀWD of absorbed factors without a factor of it: the levels of the largest one, e, are eliminated one by one, and
/// what is left of those of the second largest, k, is the Laplacian of a graph, S = D_k − AᵀD_e⁻¹A, which is solved by
/// conjugate gradients. Levels of further factors, which must be few, are taken out of both as columns would be.
///
/// In every connected set of both factors one level is redundant, and has 0 in all answers.
final class FixedLevelsIteration: FixedLevelsSystem {
  private let products: FixedLevelsProducts
  private let team: ThreadTeam
  private let eliminated: Int
  private let kept: Int
  private let edges: EliminatedVertices
  private let solver: LaplacianSolver
  private let sets: ConnectedSets
  private(set) var isRedundant: [Bool]
  private var further: FurtherLevels?

  /// nil where it does not suit the factors.
  ///
  /// - Parameter threads: That take some columns each.
  /// - Throws: `FitError`.
  init?(_ products: FixedLevelsProducts, threads: Int) throws {
    let counts = products.squares.map(\.count)
    let order = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
    guard counts.count > 1, FurtherLevels.suits(products, order) else { return nil }
    (eliminated, kept) = (order[0], order[1])
    self.products = products
    edges = EliminatedVertices(products, eliminated: eliminated, kept: kept)
    let entries = edges.isWritten ? edges.restEdges : Double(edges.neighbours.count)
    do throws(MemoryShortage) {
      try requireMemory(
        Self.bytesPerEdge * entries
          + Double(threads * LaplacianSolver.bytes(vertexCount: edges.keptCount)),
        for: "the equations of the absorbed factors \(products.names.joined(separator: ", "))",
        remedy: "Absorb fewer of them, or make the one with the most levels a random term.")
    } catch { throw FitError.memoryShortage(error.description) }
    solver = LaplacianSolver(edges)
    team = ThreadTeam(count: threads)
    sets = ConnectedSets(products, edges, eliminated: eliminated, kept: kept)
    isRedundant = Array(repeating: false, count: products.starts.last!)
    for level in sets.redundant { isRedundant[level] = true }
    if order.count > 2 {
      let own = try FurtherLevels(
        products, edges, eliminated: eliminated, kept: kept, answers: answers)
      for level in own.redundant { isRedundant[level] = true }
      further = own
    }
  }

  /// Of a graph, its elimination and the lists that this is made with.
  private static let bytesPerEdge = 120.0

  /// - Throws: `FitError.slowSpectrum`.
  func solve(_ b: inout DenseMatrix) throws {
    let (first, second) = (products.starts[eliminated], products.starts[kept])
    let (N, n, total) = (b.rows, edges.keptCount, edges.sums.reduce(0, +))
    let means = (0..<b.columns).map { c in
      edges.sums.indices.reduce(0.0) { $0 + b.storage[c * N + first + $1] } / total
    }
    var g = DenseMatrix(rows: n, columns: b.columns)
    for c in 0..<b.columns {
      for j in 0..<n { g.storage[c * n + j] = b.storage[c * N + second + j] }
      // Of a constant nothing is left, not even by rounding.
      for i in edges.sums.indices {
        let rest = b.storage[c * N + first + i] / edges.sums[i] - means[c]
        for k in edges.starts[i]..<edges.starts[i + 1] {
          g.storage[c * n + Int(edges.neighbours[k])] -=
            edges.weights[k] * means[c] + edges.weights[k] * rest
        }
      }
    }
    let few = further?.answers(to: b, &g, edges, first: first)
    let x = try answers(to: g).x
    for c in 0..<b.columns {
      for j in 0..<n { b.storage[c * N + second + j] = x.storage[c * n + j] }
      for i in edges.sums.indices {
        var sum = b.storage[c * N + first + i] - means[c] * edges.sums[i]
        for k in edges.starts[i]..<edges.starts[i + 1] {
          sum -= edges.weights[k] * x.storage[c * n + Int(edges.neighbours[k])]
        }
        b.storage[c * N + first + i] = sum
      }
    }
    if let few { further!.takeOut(few, of: &b, first: first) }
    for c in 0..<b.columns {
      for i in edges.sums.indices {
        b.storage[c * N + first + i] = means[c] + b.storage[c * N + first + i] / edges.sums[i]
      }
      sets.hold(&b.storage, eliminated: c * N + first, kept: c * N + second, column: c * N)
    }
  }

  /// With errors of F counting by their squares.
  func explained(_ b: DenseMatrix, _ F: DenseMatrix) -> DenseMatrix {
    b.multipliedByTransposeOnLeft(F) + F.multipliedByTransposeOnLeft(b - products.applied(to: F))
  }

  /// S⁺g for any number of columns, and what is left of g.
  ///
  /// - Throws: `FitError.slowSpectrum`.
  private func answers(to g: DenseMatrix) throws -> (x: DenseMatrix, rest: DenseMatrix) {
    let n = g.rows
    var (x, rest) = (g, g)
    let parts = (g.columns + 3) / 4
    var slow = [Int](repeating: 0, count: parts)
    x.storage.withUnsafeMutableBufferPointer { x in
      rest.storage.withUnsafeMutableBufferPointer { rest in
        slow.withUnsafeMutableBufferPointer { slow in
          guard let x = x.baseAddress, let rest = rest.baseAddress else { return }
          team.forEach(parts) { _, part in
            let at = 4 * part * n
            do throws(LaplacianSolver.TooSlow) {
              try solver.solve(x + at, rest: rest + at, stride: n, columns: min(4, g.columns - 4 * part))
            } catch { slow[part] = error.steps }
          }
        }
      }
    }
    if let steps = slow.max(), steps > 0 { throw FitError.slowSpectrum(steps: steps) }
    return (x, rest)
  }

  /// Vertices and operations of one factorization, beyond which the criterion of least squares is not worth them.
  private static let (mostFactored, mostOperations) = (20_000, 5e8)

  /// Π D_e |S| without a level of every connected set (Kirchhoff's theorem: whichever).
  var logDeterminant: Double? {
    guard further == nil, edges.isWritten, edges.keptCount <= Self.mostFactored,
      let rest = try? logDeterminantOfRest
    else { return nil }
    return edges.sums.reduce(rest) { $0 + log($1) }
      + sets.redundant.reduce(0.0) { $0 + log(products.square($1)) }
  }

  private var logDeterminantOfRest: Double? {
    get throws {
      let (pattern, values) = edges.rest().laplacian(held: sets.ofKept)
      let order = try fillReducingOrder(pattern, method: .minimumDegree)
      let (permuted, source) = pattern.permuted(by: order)
      var factor = try SparseCholesky(analyzing: permuted)
      guard factor.flops <= Self.mostOperations else { return nil }
      try factor.factorize(source.map { values[$0] })
      return factor.logDeterminant(0..<order.count)
    }
  }
}

extension EliminatedVertices {
  /// The levels of two factors.
  fileprivate init(_ products: FixedLevelsProducts, eliminated: Int, kept: Int) {
    let pair = products.pairs.first {
      ($0.rowGroup, $0.columnGroup) == (min(eliminated, kept), max(eliminated, kept))
    }
    let levels = products.squares[eliminated].count
    let isRow = eliminated < kept
    let (own, others) =
      isRow
      ? (pair?.rowLevels ?? [], pair?.columnLevels ?? []) : (pair?.columnLevels ?? [], pair?.rowLevels ?? [])
    var starts = [Int](repeating: 0, count: levels + 1)
    var sums = [Double](repeating: 0, count: levels)
    for (k, level) in own.enumerated() {
      starts[Int(level) + 1] += 1
      sums[Int(level)] += pair!.blocks[k]
    }
    for level in 0..<levels { starts[level + 1] += starts[level] }
    var (neighbours, weights) = (others, pair?.blocks ?? [])
    if !isRow {  // rows' levels ascend, columns' do not
      var next = starts
      for (k, level) in own.enumerated() {
        let at = next[Int(level)]
        (neighbours[at], weights[at]) = (others[k], pair!.blocks[k])
        next[Int(level)] += 1
      }
    }
    self.init(
      starts: starts, neighbours: neighbours, weights: weights, sums: sums,
      keptCount: products.squares[kept].count)
  }
}
