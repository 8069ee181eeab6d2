// SPDX-License-Identifier: GPL-2.0-or-later

/// A positive definite matrix over levels, by its entries on and below the diagonal.
package struct SparsePrecision: Sendable, Equatable {
  package struct Edge: Sendable, Equatable {
    package let row: Int32
    package let column: Int32
    package let value: Double
  }
  package let diagonal: [Double]
  /// By column, then row; row > column.
  package let edges: [Edge]
  package let logDeterminant: Double
  /// Of the inverse's diagonal, where it is known without a factor.
  package var variances: [Double]?
}

extension SparsePrecision {
  /// With level k at `position[k]`.
  func permuted(to position: [Int]) -> SparsePrecision {
    func moved(_ values: [Double]) -> [Double] {
      var moved = values
      for (k, value) in values.enumerated() { moved[position[k]] = value }
      return moved
    }
    let edges = edges.map { edge in
      let (a, b) = (position[Int(edge.row)], position[Int(edge.column)])
      return Edge(row: Int32(max(a, b)), column: Int32(min(a, b)), value: edge.value)
    }
    return SparsePrecision(
      diagonal: moved(diagonal), edges: Self.summed(edges, levels: diagonal.count),
      logDeterminant: logDeterminant, variances: variances.map(moved))
  }

  /// The entries in order, those of one pair added up in the order given; zeros are left out.
  ///
  /// Two passes, first by row and then by column, each of which keeps the order of the one before.
  static func summed(_ entries: [Edge], levels: Int) -> [Edge] {
    guard let any = entries.first else { return [] }
    func pass(_ entries: [Edge], _ key: (Edge) -> Int32) -> [Edge] {
      var next = [Int](repeating: 0, count: levels + 1)
      for entry in entries { next[Int(key(entry)) + 1] += 1 }
      for level in 0..<levels { next[level + 1] += next[level] }
      var sorted = [Edge](repeating: any, count: entries.count)
      for entry in entries {
        let k = Int(key(entry))
        sorted[next[k]] = entry
        next[k] += 1
      }
      return sorted
    }
    var result: [Edge] = []
    result.reserveCapacity(entries.count)
    for entry in pass(pass(entries, \.row), \.column) {
      if let last = result.last, last.row == entry.row, last.column == entry.column {
        result[result.count - 1] = Edge(row: entry.row, column: entry.column, value: last.value + entry.value)
      } else {
        result.append(entry)
      }
    }
    return result.contains { $0.value == 0 } ? result.filter { $0.value != 0 } : result
  }
}
