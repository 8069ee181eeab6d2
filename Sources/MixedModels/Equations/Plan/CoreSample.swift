// SPDX-License-Identifier: GPL-2.0-or-later

/// How many nodes a core has and how densely they meet, from counts and 64 nodes alone.
///
/// Nodes are the levels of all groups but the leading one. A few passes over the pairs of levels,
/// no list of neighbours: a second where ordering the graph would take minutes.
package struct CoreSample {
  /// Without leaves, which have one partner among the leading levels and meet nothing else.
  package let nodeCount: Int
  /// The core's scalars.
  package let size: Int
  /// About the share of pairs of nodes that meet.
  package let density: Double
  /// The same without leading levels that have far more partners than most, and that another order
  /// would eliminate late.
  package let densityWithoutHubs: Double
  /// Σ over leading levels of the square of their partners' scalars.
  let squaredDegrees: Double

  /// Pairs of scalars that a leading level brings together, as often as one does, and of levels that occur
  /// together: no fewer than meet, and hardly more where leading levels have few partners.
  let meetings: Double

  /// A leading level with more partners than so many times the mean is a hub.
  private static let hub = 16.0

  package init(_ model: LinearMixedModel, leading: Int) {
    let counts = PartnerCounts(model, leading: leading)
    let core = counts.degrees.indices.filter { counts.degrees[$0] > 1 || counts.isDirect[$0] }
    nodeCount = core.count
    size = core.reduce(0) { $0 + model.groups[Int(counts.groupOfNode[$1])].size }
    squaredDegrees = counts.leaderScalars.reduce(0.0) { $0 + Double($1) * Double($1) }
    let direct = model.pairs.reduce(0) { $0 + ($1.contains(leading) ? 0 : $1.rowLevels.count) }
    meetings = counts.leaderScalars.reduce(Double(direct)) {
      $0 + Double($1) * (Double($1) - 1) / 2
    }

    var bits = [UInt64](repeating: 0, count: counts.degrees.count)
    let sampled = min(64, core.count)
    for k in 0..<sampled { bits[core[k * core.count / sampled]] = 1 << UInt64(k) }
    let mean =
      Double(counts.leaderScalars.reduce(0) { $0 + Int($1) })
      / Double(max(counts.leaderScalars.count, 1))
    let isHub = counts.leaderScalars.map { Double($0) > Self.hub * mean }
    func share(withoutHubs: Bool) -> Double {
      guard core.count > 1 else { return 1 }
      let met = counts.met(model, bits, without: withoutHubs ? isHub : nil)
      let pairs = core.reduce(0) { $0 + (met[$1] & ~bits[$1]).nonzeroBitCount }
      return Double(pairs) / (Double(sampled) * Double(core.count - 1))
    }
    density = share(withoutHubs: false)
    densityWithoutHubs = isHub.contains(true) ? share(withoutHubs: true) : density
  }
}

/// Nodes and their numbers of partners.
private struct PartnerCounts {
  let leading: Int
  let firstNode: [Int]
  let groupOfNode: [Int32]
  /// Leading levels that a node occurs with.
  private(set) var degrees: [Int32]
  /// Whether a node occurs with nodes of other groups.
  private(set) var isDirect: [Bool]
  /// Scalars of the nodes that a leading level occurs with.
  private(set) var leaderScalars: [Int32]

  init(_ model: LinearMixedModel, leading: Int) {
    self.leading = leading
    let nodes = CoreNodes(model, leading: leading)
    (firstNode, groupOfNode) = (nodes.firstNode, nodes.groupOfNode)
    degrees = Array(repeating: 0, count: groupOfNode.count)
    isDirect = Array(repeating: false, count: groupOfNode.count)
    leaderScalars = Array(repeating: 0, count: model.groups[leading].levelCount)
    for pair in model.pairs {
      guard pair.contains(leading) else {
        for level in pair.rowLevels { isDirect[firstNode[pair.rowGroup] + Int(level)] = true }
        for level in pair.columnLevels { isDirect[firstNode[pair.columnGroup] + Int(level)] = true }
        continue
      }
      let (group, levels) = pair.others(than: leading)
      let leaders = pair.rowGroup == leading ? pair.rowLevels : pair.columnLevels
      let (first, size) = (firstNode[group], Int32(model.groups[group].size))
      for k in levels.indices {
        degrees[first + Int(levels[k])] += 1
        leaderScalars[Int(leaders[k])] += size
      }
    }
  }

  /// For every node the bits of the nodes that it meets: by occurring together, or with the same
  /// leading level.
  func met(_ model: LinearMixedModel, _ bits: [UInt64], without isLeftOut: [Bool]?) -> [UInt64] {
    var ofLeader = [UInt64](repeating: 0, count: leaderScalars.count)
    var met = [UInt64](repeating: 0, count: bits.count)
    for pair in model.pairs where pair.contains(leading) {
      let (group, levels) = pair.others(than: leading)
      let leaders = pair.rowGroup == leading ? pair.rowLevels : pair.columnLevels
      for k in levels.indices {
        ofLeader[Int(leaders[k])] |= bits[firstNode[group] + Int(levels[k])]
      }
    }
    if let isLeftOut {
      for j in isLeftOut.indices where isLeftOut[j] { ofLeader[j] = 0 }
    }
    for pair in model.pairs {
      if pair.contains(leading) {
        let (group, levels) = pair.others(than: leading)
        let leaders = pair.rowGroup == leading ? pair.rowLevels : pair.columnLevels
        for k in levels.indices {
          met[firstNode[group] + Int(levels[k])] |= ofLeader[Int(leaders[k])]
        }
      } else {
        for k in pair.rowLevels.indices {
          let row = firstNode[pair.rowGroup] + Int(pair.rowLevels[k])
          let column = firstNode[pair.columnGroup] + Int(pair.columnLevels[k])
          met[row] |= bits[column]
          met[column] |= bits[row]
        }
      }
    }
    return met
  }
}
