// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Which nodes of the core meet: by occurring together, or with the same level of the leading
/// group, or by a relationship.
struct CoreGraph {
  private let incidence: Incidence
  private let byPartner: (starts: [Int], nodes: [Int32])
  /// Nodes with larger numbers that a node occurs with, or is related to.
  private let direct: (starts: [Int], nodes: [Int32])

  init(_ model: LinearMixedModel, _ incidence: Incidence) {
    self.incidence = incidence
    byPartner = incidence.byPartner(levels: model.groups[incidence.leading].levelCount)
    let own = model.pairs.filter { !$0.contains(incidence.leading) }
    var starts = [Int](repeating: 0, count: incidence.nodeCount + 1)
    func forEach(_ body: (_ low: Int, _ high: Int) -> Void) {
      for pair in own {
        for k in pair.rowLevels.indices {
          let row = incidence.firstNode[pair.rowGroup] + Int(pair.rowLevels[k])
          let column = incidence.firstNode[pair.columnGroup] + Int(pair.columnLevels[k])
          body(min(row, column), max(row, column))
        }
      }
      for (g, group) in model.groups.enumerated() where g != incidence.leading {
        for edge in group.precision.edges {
          let (row, column) = (incidence.firstNode[g] + Int(edge.row), incidence.firstNode[g] + Int(edge.column))
          body(min(row, column), max(row, column))
        }
      }
    }
    forEach { low, _ in starts[low + 1] += 1 }
    for v in 0..<incidence.nodeCount { starts[v + 1] += starts[v] }
    var next = starts
    var nodes = [Int32](repeating: 0, count: starts[incidence.nodeCount])
    forEach { low, high in
      nodes[next[low]] = Int32(high)
      next[low] += 1
    }
    direct = (starts, nodes)
  }

  /// Appends to `list` the neighbours of v with larger numbers, in no order; `mark` holds who was
  /// seen for whom.
  private func appendLater(_ v: Int, _ mark: inout [Int32], _ list: inout [Int]) {
    mark[v] = Int32(v)
    for e in direct.starts[v]..<direct.starts[v + 1] {
      let other = Int(direct.nodes[e])
      if mark[other] != Int32(v) {
        mark[other] = Int32(v)
        list.append(other)
      }
    }
    for e in incidence.starts[v]..<incidence.starts[v + 1] {
      let j = Int(incidence.partners[e])
      for k in byPartner.starts[j]..<byPartner.starts[j + 1] {
        let other = Int(byPartner.nodes[k])
        if other > v, mark[other] != Int32(v) {
          mark[other] = Int32(v)
          list.append(other)
        }
      }
    }
  }

  /// About the share of pairs of the core's nodes that meet, from the neighbours of some of them.
  func sampledDensity(_ count: Int) -> Double {
    let nodes = incidence.coreNodes
    let n = nodes.count
    guard n > 1 else { return 1 }
    var mark = [Int32](repeating: -1, count: incidence.nodeCount)
    var (met, possible) = (0, 0)
    var list: [Int] = []
    for k in 0..<min(count, n) {
      let position = k * (n - 1) / min(count, n)
      list.removeAll(keepingCapacity: true)
      appendLater(nodes[position], &mark, &list)
      met += list.count
      possible += n - 1 - position
    }
    return Double(met) / Double(max(possible, 1))
  }

  /// The graph as the pattern of a symmetric matrix: the core's nodes in their own order.
  func pattern() -> SymmetricPattern {
    var mark = [Int32](repeating: -1, count: incidence.nodeCount)
    var position = [Int](repeating: -1, count: incidence.nodeCount)
    for (k, v) in incidence.coreNodes.enumerated() { position[v] = k }
    var starts = [0]
    var rows: [Int] = []
    var list: [Int] = []
    for v in incidence.coreNodes {
      list.removeAll(keepingCapacity: true)
      appendLater(v, &mark, &list)
      list.sort()
      rows.append(position[v])
      rows += list.lazy.map { position[$0] }
      starts.append(rows.count)
    }
    return SymmetricPattern(
      size: incidence.coreNodes.count, columnStarts: starts, rowIndices: rows)
  }
}
