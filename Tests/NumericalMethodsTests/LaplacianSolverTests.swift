// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import TestSupport
import Testing

/// Answers are held against dense elimination of S = D_k − AᵀD_e⁻¹A with one vertex of every set held.
@Suite struct `Laplacians of graphs` {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let count: Int
    /// Neighbours of every eliminated vertex with their weights.
    let rows: [[(Int, Double)]]
    var testDescription: String { name }

    var edges: EliminatedVertices {
      EliminatedVertices(
        starts: rows.reduce(into: [0]) { $0.append($0.last! + $1.count) },
        neighbours: rows.flatMap { $0.map { Int32($0.0) } }, weights: rows.flatMap { $0.map(\.1) },
        sums: rows.map { $0.reduce(0) { $0 + $1.1 } }, keptCount: count)
    }

    var laplacian: DenseMatrix {
      var S = DenseMatrix(rows: count, columns: count)
      for row in rows {
        let sum = row.reduce(0) { $0 + $1.1 }
        for (a, w) in row {
          for (b, v) in row where a != b {
            S[a, b] -= w * v / sum
            S[a, a] += w * v / sum
          }
        }
      }
      return S
    }
  }

  static let cases: [Case] = {
    var random = SplitMix64(seed: 3)
    let path = (0..<60).map { [($0, 1.0), ($0 + 1, 1.0)] }
    let sparse = (0..<150).map { _ in
      [(Int(random.below(40)), 1 + Double(random.below(3))), (40 + Int(random.below(40)), 1.0)]
    }
    // Two sets that one edge of small weight holds together.
    var bottleneck = (0..<80).map { row in
      let side = row % 2 * 20
      return [(side + Int(random.below(10)), 1.0), (side + 10 + Int(random.below(10)), 2.0)]
    }
    bottleneck.append([(0, 1e-4), (39, 1.0)])
    // So many neighbours that edges between them are not written out.
    let wide = (0..<6).map { _ in (0..<60).map { ($0, 0.5 + random.uniform()) } }
    let apart = (0..<20).map { row in [(row % 5, 1.0), (5 + row % 4, 1.0)] } + [[(9, 1.0)], [(9, 2.0), (10, 1.0)]]
    return [
      Case(name: "a path", count: 61, rows: path), Case(name: "pairs at random", count: 80, rows: sparse),
      Case(name: "a bottleneck", count: 40, rows: bottleneck), Case(name: "many neighbours", count: 60, rows: wide),
      Case(name: "two sets and a vertex alone", count: 12, rows: apart),
    ]
  }()

  /// The first vertex of every set, found by edges alone.
  private static func sets(_ test: Case) -> [Int32] {
    var own = Array(0..<Int32(test.count))
    for _ in 0..<test.count {
      for row in test.rows {
        let least = row.map { own[$0.0] }.min()!
        for (a, _) in row { own[a] = least }
      }
    }
    let names = Set(own).sorted()
    return own.map { Int32(names.firstIndex(of: $0)!) }
  }

  @Test(arguments: cases)
  func `answers are those of dense elimination`(test: Case) throws {
    let (S, sets, n) = (test.laplacian, Self.sets(test), test.count)
    var random = SplitMix64(seed: 9)
    var truth = DenseMatrix(rows: n, columns: 3)
    for k in truth.storage.indices { truth.storage[k] = random.normal() }
    var b = S * truth
    var rest = b
    try LaplacianSolver(test.edges).solve(&b.storage, rest: &rest.storage, stride: n, columns: 3)
    for c in 0..<3 {
      for set in Set(sets) {
        let own = (0..<n).filter { sets[$0] == set }
        for v in own {
          let (x, y) = (b[v, c] - b[own[0], c], truth[v, c] - truth[own[0], c])
          #expect(abs(x - y) < 1e-9 * (1 + abs(y)))
        }
      }
    }
    #expect(rest.storage.allSatisfy { abs($0) < 1e-9 })
  }

  @Test(arguments: cases)
  func `the determinant without a vertex of every set is that of the dense matrix`(test: Case) throws {
    guard test.edges.isWritten else { return }
    let (sets, n) = (Self.sets(test), test.count)
    let (pattern, values) = test.edges.rest().laplacian(held: sets)
    let order = try fillReducingOrder(pattern)
    let (permuted, source) = pattern.permuted(by: order)
    var factor = try SparseCholesky(analyzing: permuted)
    try factor.factorize(source.map { values[$0] })
    let free = (0..<n).filter { v in sets[..<v].contains(sets[v]) }
    var dense = test.laplacian.submatrix(rows: free, columns: free)
    try DenseCholesky.factorize(&dense)
    #expect(abs(factor.logDeterminant(0..<n) - DenseCholesky.logDeterminant(factor: dense)) < 1e-9)
  }

  @Test func `edges are drawn where all of them would be too many, and the graph is the same on average`() {
    let test = Self.cases[3]
    #expect(!test.edges.isWritten)
    let S = test.laplacian
    var mean = DenseMatrix(rows: 60, columns: 60)
    let draws = 400
    for seed in 0..<draws {
      let graph = test.edges.rest(seed: UInt64(seed))
      #expect(graph.edgeCount < 6 * 60)
      for v in 0..<60 {
        for k in graph.starts[v]..<graph.starts[v + 1] {
          mean[v, Int(graph.neighbours[k])] -= graph.weights[k] / Double(draws)
          mean[v, v] += graph.weights[k] / Double(draws)
        }
      }
    }
    for v in 0..<60 { #expect(abs(mean[v, v] / S[v, v] - 1) < 0.1) }
  }

  @Test func `a path takes one step, for it is eliminated exactly`() throws {
    let test = Self.cases[0]
    var b = [Double](repeating: 0, count: test.count)
    (b[0], b[60]) = (1, -1)
    var rest = b
    let steps = try LaplacianSolver(test.edges).solve(&b, rest: &rest, stride: test.count, columns: 1)
    #expect(steps <= 2)
    // 60 edges of weight ½ one behind the other.
    #expect(abs(b[0] - b[60] - 120) < 1e-9)
  }
}
