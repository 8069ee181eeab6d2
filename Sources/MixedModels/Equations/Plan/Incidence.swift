// SPDX-License-Identifier: GPL-2.0-or-later

/// Which levels of the other groups occur together with which levels of a leading one.
///
/// The levels of the other groups are nodes (`CoreNodes`). Those that occur with one
/// level of the leading group and with nothing else are leaves: they are eliminated first and are
/// no part of the core.
struct Incidence {
  let leading: Int
  /// First node of every group; the leading group has none.
  let firstNode: [Int]
  let groupOfNode: [Int32]
  /// Partners of node v: entries `starts[v]..<starts[v + 1]`.
  let starts: [Int]
  /// Level of the leading group.
  let partners: [Int32]
  /// Where their block is: the model's pair of groups, and the pair of levels in it.
  let pairs: [Int32]
  let places: [Int32]
  /// By the partner's level, then by node.
  let leaves: [Leaf]
  /// The nodes that are no leaves, in their order.
  let coreNodes: [Int]

  /// A node with one partner.
  struct Leaf {
    let node: Int
    let partner: Int
    /// Where their block is.
    let pair: Int
    let place: Int
  }

  init(_ model: LinearMixedModel, leading: Int) {
    self.leading = leading
    let nodes = CoreNodes(model, leading: leading)
    let (firstNode, groupOfNode) = (nodes.firstNode, nodes.groupOfNode)
    var starts = [Int](repeating: 0, count: groupOfNode.count + 1)
    let own = model.pairs.indices.filter { model.pairs[$0].contains(leading) }
    for p in own {
      let (group, levels) = model.pairs[p].others(than: leading)
      for level in levels { starts[firstNode[group] + Int(level) + 1] += 1 }
    }
    for v in groupOfNode.indices { starts[v + 1] += starts[v] }
    let total = starts[groupOfNode.count]
    var next = starts
    var partners = [Int32](repeating: 0, count: total)
    var pairs = partners
    var places = partners
    for p in own {
      let pair = model.pairs[p]
      let (group, levels) = pair.others(than: leading)
      let leaders = pair.rowGroup == leading ? pair.rowLevels : pair.columnLevels
      for k in levels.indices {
        let v = firstNode[group] + Int(levels[k])
        partners[next[v]] = leaders[k]
        pairs[next[v]] = Int32(p)
        places[next[v]] = Int32(k)
        next[v] += 1
      }
    }
    self.firstNode = firstNode
    self.groupOfNode = groupOfNode
    let direct = Self.nodesWithDirectPairs(model, leading, firstNode, count: groupOfNode.count)
    var leaves: [Leaf] = []
    var keptStarts = [0]
    var kept: [Int] = []
    kept.reserveCapacity(total)
    for v in groupOfNode.indices {
      if starts[v + 1] - starts[v] == 1, !direct[v] {
        let e = starts[v]
        leaves.append(
          Leaf(node: v, partner: Int(partners[e]), pair: Int(pairs[e]), place: Int(places[e])))
      } else {
        kept += starts[v]..<starts[v + 1]
      }
      keptStarts.append(kept.count)
    }
    self.leaves = leaves.sorted { ($0.partner, $0.node) < ($1.partner, $1.node) }
    let isLeaf = Set(leaves.map(\.node))
    coreNodes = groupOfNode.indices.filter { !isLeaf.contains($0) }
    self.starts = keptStarts
    self.partners = kept.map { partners[$0] }
    self.pairs = kept.map { pairs[$0] }
    self.places = kept.map { places[$0] }
  }

  /// Whether a node occurs with nodes of other groups, or may be related to some of its own.
  private static func nodesWithDirectPairs(
    _ model: LinearMixedModel, _ leading: Int, _ firstNode: [Int], count: Int
  ) -> [Bool] {
    var direct = [Bool](repeating: false, count: count)
    for pair in model.pairs where !pair.contains(leading) {
      for level in pair.rowLevels { direct[firstNode[pair.rowGroup] + Int(level)] = true }
      for level in pair.columnLevels { direct[firstNode[pair.columnGroup] + Int(level)] = true }
    }
    for (g, group) in model.groups.enumerated() where g != leading && !group.precision.isIdentity {
      for level in 0..<group.levelCount { direct[firstNode[g] + level] = true }
    }
    return direct
  }

  var nodeCount: Int { groupOfNode.count }
  func degree(_ node: Int) -> Int { starts[node + 1] - starts[node] }
  func level(of node: Int) -> Int { node - firstNode[Int(groupOfNode[node])] }

  /// Nodes of every leading level, as starts and members.
  func byPartner(levels: Int) -> (starts: [Int], nodes: [Int32]) {
    var begin = [Int](repeating: 0, count: levels + 1)
    for j in partners { begin[Int(j) + 1] += 1 }
    for j in 0..<levels { begin[j + 1] += begin[j] }
    var next = begin
    var nodes = [Int32](repeating: 0, count: partners.count)
    for v in 0..<nodeCount {
      for e in starts[v]..<starts[v + 1] {
        let j = Int(partners[e])
        nodes[next[j]] = Int32(v)
        next[j] += 1
      }
    }
    return (begin, nodes)
  }
}

extension CoOccurrence {
  func contains(_ group: Int) -> Bool { rowGroup == group || columnGroup == group }

  /// The other group and its levels, pair after pair.
  func others(than group: Int) -> (group: Int, levels: [Int32]) {
    rowGroup == group ? (columnGroup, columnLevels) : (rowGroup, rowLevels)
  }

  /// Copies one pair's block by columns, with the rows of the row group or, if `transposed`, of the
  /// other.
  func copyBlock(
    _ k: Int, rows m: Int, columns n: Int, transposed: Bool, to target: UnsafeMutablePointer<Double>
  ) {
    for j in 0..<n {
      for i in 0..<m {
        target[transposed ? i * n + j : j * m + i] = blocks[(k * n + j) * m + i]
      }
    }
  }
}
