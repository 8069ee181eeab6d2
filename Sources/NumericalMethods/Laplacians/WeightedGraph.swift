// SPDX-License-Identifier: GPL-2.0-or-later

/// A graph without loops whose edges have positive weights: every edge is in the rows of both its ends.
package struct WeightedGraph: Sendable {
  /// n + 1 of them; vertex i has entries `starts[i]..<starts[i + 1]`.
  package let starts: [Int]
  package let neighbours: [Int32]
  package let weights: [Double]

  package var vertexCount: Int { starts.count - 1 }
  package var edgeCount: Int { neighbours.count / 2 }

  package init(starts: [Int], neighbours: [Int32], weights: [Double]) {
    (self.starts, self.neighbours, self.weights) = (starts, neighbours, weights)
  }

  /// Several edges between the same two vertices become one.
  ///
  /// - Parameters:
  ///   - first: One end of every edge, in any order.
  ///   - second: The other one.
  ///   - weights: Of the edges.
  package init(vertexCount n: Int, first: [Int32], second: [Int32], weights: [Double]) {
    var starts = [Int](repeating: 0, count: n + 1)
    for v in first { starts[Int(v) + 1] += 1 }
    for v in second { starts[Int(v) + 1] += 1 }
    for v in 0..<n { starts[v + 1] += starts[v] }
    var neighbours = [Int32](repeating: 0, count: starts[n])
    var values = [Double](repeating: 0, count: starts[n])
    var next = starts
    for e in weights.indices {
      let (a, b) = (Int(first[e]), Int(second[e]))
      (neighbours[next[a]], values[next[a]]) = (second[e], weights[e])
      next[a] += 1
      (neighbours[next[b]], values[next[b]]) = (first[e], weights[e])
      next[b] += 1
    }
    self.init(merging: starts, neighbours, values)
  }

  /// Rows in which a neighbour may stand several times.
  private init(merging starts: [Int], _ neighbours: [Int32], _ weights: [Double]) {
    let n = starts.count - 1
    var (own, others, values) = ([0], neighbours, weights)
    own.reserveCapacity(n + 1)
    // Where a neighbour stands in the row at hand, or before it.
    var place = [Int](repeating: -1, count: n)
    var end = 0
    for v in 0..<n {
      let first = end
      for k in starts[v]..<starts[v + 1] {
        let u = Int(neighbours[k])
        if place[u] >= first {
          values[place[u]] += weights[k]
        } else {
          place[u] = end
          (others[end], values[end]) = (neighbours[k], weights[k])
          end += 1
        }
      }
      own.append(end)
    }
    others.removeLast(others.count - end)
    values.removeLast(values.count - end)
    self.init(starts: own, neighbours: others, weights: values)
  }
}

extension WeightedGraph {
  /// The lower triangle of the Laplacian by columns, one vertex of each set held: its own square is larger by 1, so that the
  /// determinant is that without the vertex.
  ///
  /// - Parameter sets: The connected set of every vertex, numbered from 0.
  package func laplacian(held sets: [Int32]) -> (pattern: SymmetricPattern, values: [Double]) {
    var (columnStarts, rows, values) = ([0], [Int](), [Double]())
    var isHeld = [Bool](repeating: false, count: (sets.max().map(Int.init) ?? -1) + 1)
    for v in 0..<vertexCount {
      let own = starts[v]..<starts[v + 1]
      let set = Int(sets[v])
      rows.append(v)
      values.append(own.reduce(isHeld[set] ? 0 : 1) { $0 + weights[$1] })
      isHeld[set] = true
      for k in own.filter({ neighbours[$0] > v }).sorted(by: { neighbours[$0] < neighbours[$1] }) {
        rows.append(Int(neighbours[k]))
        values.append(-weights[k])
      }
      columnStarts.append(rows.count)
    }
    return (SymmetricPattern(size: vertexCount, columnStarts: columnStarts, rowIndices: rows), values)
  }
}
