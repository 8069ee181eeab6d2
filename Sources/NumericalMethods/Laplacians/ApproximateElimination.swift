// SPDX-License-Identifier: GPL-2.0-or-later

/// A Cholesky factor of about the Laplacian of a graph, with no more entries than the graph has edges: vertices
/// are eliminated in the order of their degrees, and of the edges between all of a vertex' neighbours that this
/// makes a few are drawn, so that on average the Laplacian is what it would be (Kyng & Sachdeva 2016; in the form of
/// Gao, Kyng & Spielman 2023, arXiv 2303.00709). Vertices of one or two edges are eliminated exactly.
///
/// As L D Lᵀ, where column i of L is a product of steps that take a share f of what is left of a vertex to a
/// neighbour.
package struct ApproximateElimination: Sendable {
  /// Place → vertex, and vertex → place.
  let order: [Int32]
  package let places: [Int32]
  /// The entries of place p are `starts[p]..<starts[p + 1]`; none for the last vertex of a component.
  let starts: [Int]
  /// Places of neighbours, all behind the own one.
  let rows: [Int32]
  let shares: [Double]
  let inversePivots: [Double]

  package init(_ graph: WeightedGraph, seed: UInt64 = 1) {
    var working = EdgeLists(graph)
    var degrees = [Int32](repeating: 0, count: graph.vertexCount)
    for v in degrees.indices { degrees[v] = Int32(graph.starts[v + 1] - graph.starts[v]) }
    var buckets = DegreeBuckets(degrees: degrees)
    var random = RandomStream(seed: seed, purpose: 23)
    let n = graph.vertexCount
    var (order, starts, rows, shares) = ([Int32](), [0], [Int32](), [Double]())
    var inversePivots = [Double](repeating: 0, count: n)
    order.reserveCapacity(n)
    starts.reserveCapacity(n + 1)
    rows.reserveCapacity(graph.edgeCount)
    shares.reserveCapacity(graph.edgeCount)
    for place in 0..<n {
      let v = buckets.takeLeast()
      order.append(v)
      inversePivots[place] = working.eliminate(v, &buckets, &random, &rows, &shares)
      starts.append(rows.count)
    }
    var places = [Int32](repeating: 0, count: n)
    for (place, v) in order.enumerated() { places[Int(v)] = Int32(place) }
    for k in rows.indices { rows[k] = places[Int(rows[k])] }
    (self.order, self.places) = (order, places)
    (self.starts, self.rows, self.shares) = (starts, rows, shares)
    self.inversePivots = inversePivots
  }

  /// Overwrites four vectors y, in the order of places, with what solves for them but for a constant in every
  /// component.
  package func solve(_ y: UnsafeMutablePointer<SIMD4<Double>>) { solveRows(y) }

  /// The same for eight.
  package func solve(_ y: UnsafeMutablePointer<SIMD8<Double>>) { solveRows(y) }

  @inline(__always)
  private func solveRows<Row: SIMD>(_ y: UnsafeMutablePointer<Row>) where Row.Scalar == Double {
    let n = order.count
    starts.withUnsafeBufferPointer { starts in
      rows.withUnsafeBufferPointer { rows in
        shares.withUnsafeBufferPointer { shares in
          for p in 0..<n {
            let (first, end) = (starts[p], starts[p + 1])
            var own = y[p]
            guard first < end else {
              y[p] = .zero
              continue
            }
            for k in first..<end - 1 {
              let moved = own * shares[k]
              y[Int(rows[k])] += moved
              own -= moved
            }
            y[Int(rows[end - 1])] += own
            y[p] = own * inversePivots[p]
          }
          for p in (0..<n).reversed() {
            let (first, end) = (starts[p], starts[p + 1])
            guard first < end else { continue }
            var own = y[p] + y[Int(rows[end - 1])]
            for k in (first..<end - 1).reversed() {
              own += shares[k] * (y[Int(rows[k])] - own)
            }
            y[p] = own
          }
        }
      }
    }
  }
}
