// SPDX-License-Identifier: GPL-2.0-or-later

/// Edges between vertices of two kinds, of which those of one kind are eliminated: what is left of the Laplacian on the
/// others is again that of a graph, where all neighbours of an eliminated vertex i are joined by edges of weight
/// wⱼwₖ / Σw.
package struct EliminatedVertices: Sendable {
  /// Eliminated vertices + 1 of them.
  package let starts: [Int]
  /// Of the vertices that stay.
  package let neighbours: [Int32]
  package let weights: [Double]
  /// Σw of every eliminated vertex.
  package let sums: [Double]
  /// Vertices that stay.
  package let keptCount: Int

  /// So many edges for each one that there is, beyond which those of the rest are not written out.
  private static let mostEdges = 8.0
  /// Vertices of more neighbours have only some of the edges between these in a sparser graph.
  private static let mostJoined = 6

  package init(starts: [Int], neighbours: [Int32], weights: [Double], sums: [Double], keptCount: Int) {
    self.starts = starts
    self.neighbours = neighbours
    self.weights = weights
    self.sums = sums
    self.keptCount = keptCount
  }

  /// Edges of the rest, several between two vertices counted as such.
  package var restEdges: Double {
    (0..<sums.count).reduce(0) {
      let k = Double(starts[$1 + 1] - starts[$1])
      return $0 + k * (k - 1) / 2
    }
  }

  package var isWritten: Bool { restEdges <= Self.mostEdges * Double(neighbours.count) }

  /// The graph of the rest; where its edges are too many to be written out, one with fewer that are drawn so that it is
  /// the same on average.
  package func rest(seed: UInt64 = 1) -> WeightedGraph {
    let isWritten = isWritten
    var (first, second, values) = ([Int32](), [Int32](), [Double]())
    var random = RandomStream(seed: seed, purpose: 29)
    for i in sums.indices {
      let own = starts[i]..<starts[i + 1]
      if isWritten || own.count <= Self.mostJoined {
        for a in own {
          for b in a + 1..<max(own.upperBound, a + 1) {
            first.append(neighbours[a])
            second.append(neighbours[b])
            values.append(weights[a] * weights[b] / sums[i])
          }
        }
      } else {
        drawEdges(own, &random, &first, &second, &values)
      }
    }
    return WeightedGraph(vertexCount: keptCount, first: first, second: second, weights: values)
  }

  /// As in `ApproximateElimination`, one edge for every neighbour but the heaviest.
  private func drawEdges(
    _ own: Range<Int>, _ random: inout RandomStream, _ first: inout [Int32], _ second: inout [Int32],
    _ values: inout [Double]
  ) {
    let order = own.sorted { (weights[$0], $0) < (weights[$1], $1) }
    var sums: [Double] = []
    var total = 0.0
    for k in order {
      total += weights[k]
      sums.append(total)
    }
    var (scale, left) = (1.0, total)
    for i in 0..<order.count - 1 {
      let share = min(weights[order[i]] * scale / left, 1)
      let u = sums[i] + random.uniform() * (total - sums[i])
      var (low, high) = (i + 1, order.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] < u { low = middle + 1 } else { high = middle }
      }
      if share < 1 {
        first.append(neighbours[order[i]])
        second.append(neighbours[order[low]])
        values.append(share * (1 - share) * left)
      }
      scale *= 1 - share
      left *= (1 - share) * (1 - share)
    }
  }
}
