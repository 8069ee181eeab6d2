// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Where every block of A goes in the lower triangle of the whole system [K c; cᵀ yᵀWy], ordered to
/// fill in little.
///
/// The levels of all groups are the nodes of a graph; a node's ℓ scalars stay together, and X and y
/// come last.
package struct WholePattern: Sendable {
  private(set) var pattern: SymmetricPattern
  /// Node = level, group after group. First scalar of every node in the system.
  let scalarStart: [Int]
  /// First node of every group.
  let firstNode: [Int]
  /// q
  let randomEffectCount: Int
  /// For every pair of levels (all co-occurrences in turn, then the entries of each group's Q): is
  /// the row's level the column of the lower triangle, and how many entries below the end of the
  /// node's own block does the pair's block start?
  let pairPlacement: [(rowIsColumn: Bool, offset: Int)]
  /// The entries of Q whose levels occur together, too, and so have one block with these.
  let shared: Set<Int>
  /// For every node: entries below its own block before the tail's.
  let tailOffset: [Int]
  /// Scalars of the nodes that a partial elimination takes; all where there is none.
  let leadingCount: Int

  init(_ model: LinearMixedModel) throws {
    let graph = NodeGraph(model)
    self.init(
      model, graph, order: try graph.fillReducingNodes(), leading: graph.sizes.count)
  }

  /// - Parameters:
  ///   - order: Nodes in the order of the equations.
  ///   - leading: How many of them are eliminated, where the others are not.
  init(_ model: LinearMixedModel, _ graph: NodeGraph, order: [Int], leading: Int) {
    let (sizes, edges, twins) = (graph.sizes, graph.edges, graph.twins)
    let nodeCount = sizes.count
    var position = [Int](repeating: 0, count: nodeCount)
    for (place, node) in order.enumerated() { position[node] = place }

    var scalarStart = [Int](repeating: 0, count: nodeCount)
    var next = 0
    for node in order {
      scalarStart[node] = next
      next += sizes[node]
    }
    let q = next
    let tail = model.tail.columns

    let (starts, later) = Self.sorted(edges, position, without: twins)
    var placement = edges.map { (rowIsColumn: position[$0.0] < position[$0.1], offset: 0) }
    var tailOffset = [Int](repeating: 0, count: nodeCount)
    var columnStarts = [0]
    columnStarts.reserveCapacity(q + tail + 1)
    var rows: [Int] = []
    rows.reserveCapacity(q * (tail + 1) + later.count)
    var belowRows: [Int] = []
    for (place, node) in order.enumerated() {
      var below = 0
      belowRows.removeAll(keepingCapacity: true)
      for k in starts[place]..<starts[place + 1] {
        let edge = later[k]
        let other = position[edges[edge].0] == place ? edges[edge].1 : edges[edge].0
        placement[edge].offset = below
        below += sizes[other]
        let start = scalarStart[other]
        for row in start..<start + sizes[other] { belowRows.append(row) }
      }
      tailOffset[node] = below
      for row in q..<q + tail { belowRows.append(row) }
      for j in 0..<sizes[node] {
        for row in scalarStart[node] + j..<scalarStart[node] + sizes[node] { rows.append(row) }
        rows += belowRows
        columnStarts.append(rows.count)
      }
    }
    for j in 0..<tail {
      rows += (q + j)..<(q + tail)
      columnStarts.append(rows.count)
    }
    for (edge, twin) in twins { placement[edge].offset = placement[twin].offset }
    shared = Set(twins.keys)
    pattern = SymmetricPattern(size: q + tail, columnStarts: columnStarts, rowIndices: rows)
    self.scalarStart = scalarStart
    firstNode = graph.firstNode
    self.tailOffset = tailOffset
    randomEffectCount = q
    pairPlacement = placement
    leadingCount = order[..<leading].reduce(0) { $0 + sizes[$1] }
  }

  /// The same order for a model with other columns [X y].
  func matching(_ model: LinearMixedModel) -> WholePattern {
    let (q, tail) = (randomEffectCount, model.tail.columns)
    let old = pattern.columnStarts.count - 1 - q
    guard old != tail else { return self }
    var (columnStarts, rows) = ([0], [Int]())
    columnStarts.reserveCapacity(q + tail + 1)
    rows.reserveCapacity(pattern.rowIndices.count + q * max(tail - old, 0))
    for column in 0..<q {
      rows += pattern.rowIndices[pattern.columnStarts[column]..<pattern.columnStarts[column + 1] - old]
      rows += q..<(q + tail)
      columnStarts.append(rows.count)
    }
    for j in 0..<tail {
      rows += (q + j)..<(q + tail)
      columnStarts.append(rows.count)
    }
    var other = self
    other.pattern = SymmetricPattern(size: q + tail, columnStarts: columnStarts, rowIndices: rows)
    return other
  }

  /// Edges by the place of the node that comes first, then by the other one's: two passes, each of which keeps
  /// the order of the one before.
  private static func sorted(
    _ edges: [(Int, Int)], _ position: [Int], without twins: [Int: Int]
  ) -> (starts: [Int], edges: [Int]) {
    func pass(_ edges: some Sequence<Int>, _ key: (Int) -> Int) -> (starts: [Int], edges: [Int]) {
      var starts = [Int](repeating: 0, count: position.count + 1)
      for edge in edges { starts[key(edge) + 1] += 1 }
      for place in position.indices { starts[place + 1] += starts[place] }
      var next = starts
      var sorted = [Int](repeating: 0, count: starts.last!)
      for edge in edges {
        sorted[next[key(edge)]] = edge
        next[key(edge)] += 1
      }
      return (starts, sorted)
    }
    let bySecond = pass(edges.indices.filter { twins.isEmpty || twins[$0] == nil }) {
      max(position[edges[$0].0], position[edges[$0].1])
    }
    return pass(bySecond.edges) { min(position[edges[$0].0], position[edges[$0].1]) }
  }
}
