// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The levels of all groups, numbered group after group, and which of them have a block in the whole system.
struct NodeGraph {
  /// First node of every group.
  let firstNode: [Int]
  /// Scalars of every node.
  let sizes: [Int]
  /// All co-occurrences in turn, then the entries of each group's Q.
  let edges: [(Int, Int)]
  /// Entry of a group's Q → co-occurrence of the same two levels, which are in the same group.
  let twins: [Int: Int]
  /// Whether levels of one group are neighbours.
  private let isRelated: Bool

  init(_ model: LinearMixedModel) {
    let groups = model.groups
    var firstNode: [Int] = []
    var sizes: [Int] = []
    for group in groups {
      firstNode.append(sizes.count)
      sizes += repeatElement(group.size, count: group.levelCount)
    }
    var edges: [(Int, Int)] = []
    edges.reserveCapacity(
      model.pairs.reduce(0) { $0 + $1.rowLevels.count }
        + groups.reduce(0) { $0 + $1.precision.edges.count })
    for pair in model.pairs {
      let (rows, columns) = (firstNode[pair.rowGroup], firstNode[pair.columnGroup])
      for k in pair.rowLevels.indices {
        edges.append((rows + Int(pair.rowLevels[k]), columns + Int(pair.columnLevels[k])))
      }
    }
    for (g, group) in groups.enumerated() {
      for edge in group.precision.edges {
        edges.append((firstNode[g] + Int(edge.row), firstNode[g] + Int(edge.column)))
      }
    }
    (self.firstNode, self.sizes, self.edges) = (firstNode, sizes, edges)
    twins = Self.twins(model)
    isRelated = groups.contains { !$0.precision.isIdentity }
  }

  /// Nodes in an order of elimination with little fill.
  ///
  /// - Throws: `CholmodError`.
  func fillReducingNodes() throws(CholmodError) -> [Int] {
    let method = isRelated && hasHubs ? OrderingMethod.minimumDegree : .automatic
    let own = twins.isEmpty ? edges : edges.indices.filter { twins[$0] == nil }.map { edges[$0] }
    return try fillReducingOrder(Self.pattern(sizes.count, own), method: method)
  }

  /// The levels of the group with the most first, where these are independent and what they leave is small or nearly
  /// full: no order has less fill, and to look for one takes longer than the factor. Else nil.
  func largestGroupFirst() -> [Int]? {
    let ends = firstNode.dropFirst() + [sizes.count]
    let groups = zip(firstNode, ends).map { $0..<$1 }
    guard !isRelated, let largest = groups.max(by: { $0.count < $1.count }) else { return nil }
    var degrees = [Double](repeating: 0, count: sizes.count)
    var first = [Int](repeating: sizes.count, count: sizes.count)
    for (a, b) in edges {
      let (own, other) = largest.contains(a) ? (a, b) : (b, a)
      guard !largest.contains(other) else { return nil }
      if largest.contains(own) {
        degrees[own] += 1
        first[own] = min(first[own], other)
      }
    }
    let others = sizes.count - largest.count
    guard others <= Self.smallCore || largest.reduce(0, { $0 + degrees[$1] * degrees[$1] }) >= Double(others * others)
    else { return nil }
    // Where what is left is full this is a postorder, with one supernode at its end.
    return largest.sorted { (first[$1], $0) < (first[$0], $1) } + sizes.indices.filter { !largest.contains($0) }
  }

  /// Nodes whose full core takes little.
  private static let smallCore = 1000

  /// Whether some nodes have far more neighbours than most, as sires have. Nested dissection, which suits
  /// maps, then takes long, and its factor has several times the entries that minimum degree leaves.
  private var hasHubs: Bool {
    var degrees = [Int](repeating: 0, count: sizes.count)
    for (a, b) in edges {
      degrees[a] += 1
      degrees[b] += 1
    }
    return Double(degrees.max() ?? 0) * Double(sizes.count) > Self.hub * 2 * Double(edges.count)
  }

  /// A hub has so many times the mean number of neighbours.
  private static let hub = 8.0

  /// Nodes with few neighbours first.
  func boundedElimination(limit: Int) -> BoundedElimination {
    BoundedElimination(sizes: sizes, edges: edges, limit: limit)
  }

  /// Entry of a group's Q → co-occurrence of the same two levels, which are in the same group.
  private static func twins(_ model: LinearMixedModel) -> [Int: Int] {
    var known: [[Int32]: Int] = [:]
    var (edge, twins) = (0, [Int: Int]())
    for pair in model.pairs {
      if pair.rowGroup == pair.columnGroup, !model.groups[pair.rowGroup].precision.isIdentity {
        for k in pair.rowLevels.indices {
          let (a, b) = (pair.rowLevels[k], pair.columnLevels[k])
          known[[Int32(pair.rowGroup), min(a, b), max(a, b)]] = edge + k
        }
      }
      edge += pair.rowLevels.count
    }
    for (g, group) in model.groups.enumerated() {
      let entries = group.precision.edges
      if !known.isEmpty {
        for (k, entry) in entries.enumerated() {
          let place = [Int32(g), min(entry.row, entry.column), max(entry.row, entry.column)]
          if let twin = known[place] { twins[edge + k] = twin }
        }
      }
      edge += entries.count
    }
    return twins
  }

  /// The graph of levels as the pattern of a symmetric matrix.
  private static func pattern(_ count: Int, _ edges: [(Int, Int)]) -> SymmetricPattern {
    var starts = [Int](repeating: 0, count: count + 1)
    for (a, b) in edges { starts[min(a, b) + 1] += 1 }
    for node in 0..<count { starts[node + 1] += starts[node] + 1 }  // and the diagonal
    var rows = [Int](repeating: 0, count: starts[count])
    var next = starts
    for node in 0..<count {
      rows[next[node]] = node
      next[node] += 1
    }
    for (a, b) in edges {
      rows[next[min(a, b)]] = max(a, b)
      next[min(a, b)] += 1
    }
    for node in 0..<count { rows[starts[node]..<starts[node + 1]].sort() }
    return SymmetricPattern(size: count, columnStarts: starts, rowIndices: rows)
  }
}
