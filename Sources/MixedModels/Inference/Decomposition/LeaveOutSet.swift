// SPDX-License-Identifier: GPL-2.0-or-later

/// The largest leave-one-out connected set of two factors: levels that stay connected whichever single row is
/// taken out, so that every row's leverage is below 1.
///
/// In the graph whose nodes are levels and whose edges are rows a row cannot be taken out if it is a bridge:
/// all bridges fall at once (Tarjan 1974), for what remains of a graph without its bridges has none. Kline,
/// Saggio & Sølvsten's own algorithm takes workers out, and with them more rows.
struct LeaveOutSet: Sendable {
  /// Rows of the set, in order.
  let rows: [Int]
  /// Rows that are bridges.
  let bridgeCount: Int
  /// Connected sets of all rows.
  let componentCount: Int

  init(_ all: LeaveOutRows, _ a: Int, _ b: Int) {
    let pairs = all.pairs(a, b)
    let (m, n) = (all.levelCounts[a], all.levelCounts[b])
    let graph = LevelGraph(pairs, m, n)
    let isBridge = graph.bridges().enumerated().map { $1 && pairs.counts[$0] == 1 }
    var components = LevelComponents(count: m + n)
    var whole = LevelComponents(count: m + n)
    for k in 0..<pairs.count {
      let (i, j) = (Int(pairs.first[k]), m + Int(pairs.second[k]))
      whole.join(i, j)
      if !isBridge[k] { components.join(i, j) }
    }
    componentCount = (0..<m + n).count { whole.root($0) == $0 }
    bridgeCount = isBridge.count { $0 }
    var sizes = [Int](repeating: 0, count: m + n)
    for k in 0..<pairs.count where !isBridge[k] {
      sizes[components.root(Int(pairs.first[k]))] += pairs.counts[k]
    }
    let largest = sizes.max() ?? 0
    let root = sizes.firstIndex(of: largest) ?? 0
    let isKept = (0..<pairs.count).map { k in
      largest > 0 && !isBridge[k] && components.root(Int(pairs.first[k])) == root
    }
    rows = pairs.ofRow.indices.filter { isKept[Int(pairs.ofRow[$0])] }
  }
}

/// Levels of two factors, joined by the pairs that occur.
private struct LevelGraph {
  private let starts: [Int]
  private let neighbours: [Int32]
  private let edges: [Int32]
  private let edgeCount: Int

  init(_ pairs: LevelPairs, _ m: Int, _ n: Int) {
    var degree = [Int](repeating: 0, count: m + n + 1)
    for k in 0..<pairs.count {
      degree[Int(pairs.first[k]) + 1] += 1
      degree[m + Int(pairs.second[k]) + 1] += 1
    }
    for v in 0..<m + n { degree[v + 1] += degree[v] }
    var next = degree
    var neighbours = [Int32](repeating: 0, count: 2 * pairs.count)
    var edges = neighbours
    for k in 0..<pairs.count {
      let (i, j) = (Int(pairs.first[k]), m + Int(pairs.second[k]))
      for (v, w) in [(i, j), (j, i)] {
        neighbours[next[v]] = Int32(w)
        edges[next[v]] = Int32(k)
        next[v] += 1
      }
    }
    (starts, self.neighbours, self.edges, edgeCount) = (degree, neighbours, edges, pairs.count)
  }

  /// Whether the graph falls apart without a pair, however many rows it has: depth-first numbers, and the
  /// lowest that a subtree reaches otherwise.
  func bridges() -> [Bool] {
    let count = starts.count - 1
    var isBridge = [Bool](repeating: false, count: edgeCount)
    var number = [Int32](repeating: -1, count: count)
    var low = number
    var next = starts
    var parentEdge = number
    var parent = number
    var clock: Int32 = 0
    for root in 0..<count where number[root] < 0 {
      var v = root
      (number[v], low[v]) = (clock, clock)
      clock += 1
      while true {
        if next[v] < starts[v + 1] {
          let (w, e) = (Int(neighbours[next[v]]), edges[next[v]])
          next[v] += 1
          if e == parentEdge[v] { continue }
          if number[w] < 0 {
            (parent[w], parentEdge[w]) = (Int32(v), e)
            (number[w], low[w]) = (clock, clock)
            clock += 1
            v = w
          } else {
            low[v] = min(low[v], number[w])
          }
          continue
        }
        guard parent[v] >= 0 else { break }
        let up = Int(parent[v])
        if low[v] > number[up] { isBridge[Int(parentEdge[v])] = true }
        low[up] = min(low[up], low[v])
        v = up
      }
    }
    return isBridge
  }
}
