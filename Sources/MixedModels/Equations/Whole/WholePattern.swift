// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Where every block of A goes in the lower triangle of the whole system [K c; cᵀ yᵀWy], ordered to
/// fill in little.
///
/// The levels of all groups are the nodes of a graph; a node's ℓ scalars stay together, and X and y
/// come last.
struct WholePattern {
  let pattern: SymmetricPattern
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

  init(_ model: LinearMixedModel) throws {
    let groups = model.groups
    var firstNode: [Int] = []
    var sizes: [Int] = []
    for group in groups {
      firstNode.append(sizes.count)
      sizes += repeatElement(group.size, count: group.levelCount)
    }
    let nodeCount = sizes.count
    let edges =
      model.pairs.flatMap { pair in
        pair.rowLevels.indices.map { k in
          (
            firstNode[pair.rowGroup] + Int(pair.rowLevels[k]),
            firstNode[pair.columnGroup] + Int(pair.columnLevels[k])
          )
        }
      }
      + groups.indices.flatMap { g in
        groups[g].precision.edges.map {
          (firstNode[g] + Int($0.row), firstNode[g] + Int($0.column))
        }
      }
    let twins = Self.twins(model)
    let order = try fillReducingOrder(
      Self.graph(nodeCount, twins.isEmpty ? edges : edges.indices.filter { twins[$0] == nil }.map { edges[$0] }))
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

    // Edges by the node that comes first, then by the other one's place.
    var later: [[(place: Int, edge: Int)]] = Array(repeating: [], count: nodeCount)
    for (index, (a, b)) in edges.enumerated() where twins[index] == nil {
      let (first, second) = position[a] < position[b] ? (a, b) : (b, a)
      later[first].append((position[second], index))
    }
    var placement = edges.map { (rowIsColumn: position[$0.0] < position[$0.1], offset: 0) }
    var tailOffset = [Int](repeating: 0, count: nodeCount)
    var columnStarts = [0]
    columnStarts.reserveCapacity(q + tail + 1)
    var rows: [Int] = []
    for node in order {
      later[node].sort { $0.place < $1.place }
      var below = 0
      var belowRows: [Int] = []
      for (place, edge) in later[node] {
        placement[edge].offset = below
        below += sizes[order[place]]
        let start = scalarStart[order[place]]
        belowRows += start..<(start + sizes[order[place]])
      }
      tailOffset[node] = below
      belowRows += q..<(q + tail)
      for j in 0..<sizes[node] {
        rows += (scalarStart[node] + j)..<(scalarStart[node] + sizes[node])
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
    self.firstNode = firstNode
    self.tailOffset = tailOffset
    randomEffectCount = q
    pairPlacement = placement
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
  private static func graph(_ count: Int, _ edges: [(Int, Int)]) -> SymmetricPattern {
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
