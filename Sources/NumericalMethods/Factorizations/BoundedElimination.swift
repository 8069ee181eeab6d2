// SPDX-License-Identifier: GPL-2.0-or-later

/// An order that eliminates, one after another, nodes of a graph with few neighbours, and stops where
/// all that are left have many.
///
/// Who is eliminated makes its neighbours neighbours of each other; the one with the fewest is the
/// next (minimum degree; Tinney & Walker 1967). In a pedigree animals without offspring go first, then most
/// dams; sires are left. The work is proportional to the number of nodes, however large the graph.
package struct BoundedElimination: Sendable {
  /// The nodes in the order of their elimination, then those that are left, as they were numbered.
  package let order: [Int]
  /// Nodes that are eliminated.
  package let eliminatedCount: Int
  /// Entries of the factor's columns of eliminated scalars, and multiplications that it takes to have them.
  package let factorEntries: Double
  package let updates: Double
  /// Pairs of scalars that are left and neighbours, or of one node.
  package let remainingEntries: Double

  /// - Parameters:
  ///   - sizes: Scalars of every node.
  ///   - edges: Pairs of different nodes, in any order; a pair may be there several times.
  ///   - limit: Scalars that the neighbours of a node may have for it to be eliminated.
  package init(sizes: [Int], edges: [(Int, Int)], limit: Int) {
    var graph = EliminationGraph(sizes: sizes, edges: edges, limit: limit)
    var order: [Int] = []
    order.reserveCapacity(sizes.count)
    var (entries, updates) = (0.0, 0.0)
    while let (node, degree) = graph.next() {
      graph.eliminate(node)
      order.append(node)
      // Columns of a node's scalars, each with those after it and with all neighbours.
      for k in 0..<sizes[node] {
        let below = Double(degree + sizes[node] - 1 - k)
        entries += 1 + below
        updates += below * (below + 1) / 2
      }
    }
    eliminatedCount = order.count
    var remaining = 0.0
    for node in sizes.indices where !graph.isEliminated(node) {
      order.append(node)
      let (own, others) = (Double(sizes[node]), Double(graph.degree(node)))
      remaining += own * (own + 1) / 2 + own * others / 2
    }
    self.order = order
    (factorEntries, self.updates, remainingEntries) = (entries, updates, remaining)
  }
}

/// Neighbours of nodes in lists that are brought up to date when it pays.
///
/// A short list has every neighbour once. To a long one others are only appended, and it is put in order when a
/// part of it is out of date: else each of a sire's many offspring would cost a pass over all of them.
private struct EliminationGraph: ~Copyable {
  private let sizes: [Int]
  private let limit: Int
  private let lists: NeighbourLists
  /// What happened to a list since it was put in order.
  private var changes: [Int32]
  private var eliminated: [Bool]
  /// Node that met another one last, by a running number.
  private var mark: [Int32]
  private var stamp: Int32 = 0
  /// Nodes by the scalars of their neighbours; some are out of date.
  private var buckets: [[Int32]]
  private var lowest = 0
  /// Neighbours of the node at hand.
  private var own: [Int32] = []
  private var isComplete = false

  /// A list is short up to so many times the limit.
  private static let short = 4

  init(sizes: [Int], edges: [(Int, Int)], limit: Int) {
    (self.sizes, self.limit) = (sizes, limit)
    lists = NeighbourLists(sizes.count, edges)
    changes = Array(repeating: 0, count: sizes.count)
    eliminated = Array(repeating: false, count: sizes.count)
    mark = Array(repeating: -1, count: sizes.count)
    buckets = Array(repeating: [], count: limit + 1)
    for node in sizes.indices.reversed() {
      putInOrder(node)
      enter(node)
    }
  }

  func isEliminated(_ node: Int) -> Bool { eliminated[node] }

  /// Scalars of the neighbours of a node whose list is in order.
  func degree(_ node: Int) -> Int {
    var sum = 0
    lists.forEach(node) { sum += sizes[Int($0)] }
    return sum
  }

  /// The node to eliminate, and its degree; nil where all have too many neighbours.
  mutating func next() -> (node: Int, degree: Int)? {
    while true {
      while lowest <= limit {
        guard let node = buckets[lowest].popLast() else {
          lowest += 1
          continue
        }
        guard !eliminated[Int(node)], changes[Int(node)] == 0, degree(Int(node)) == lowest else { continue }
        return (Int(node), lowest)
      }
      // Long lists may have become short without anybody having looked.
      for node in sizes.indices.reversed() where !eliminated[node] && changes[node] > 0 {
        putInOrder(node)
        enter(node)
      }
      guard lowest <= limit else { return nil }
    }
  }

  /// Joins the neighbours of a node with each other.
  mutating func eliminate(_ node: Int) {
    eliminated[node] = true
    own.removeAll(keepingCapacity: true)
    lists.forEach(node) { own.append($0) }
    lists.clear(node)
    for neighbour in own {
      let i = Int(neighbour)
      lists.append(own, but: neighbour, to: i)
      changes[i] += Int32(own.count)
      guard lists.count(i) <= Self.short * limit || Int(changes[i]) > lists.count(i) / 2 else { continue }
      putInOrder(i)
      enter(i)
    }
  }

  private mutating func enter(_ node: Int) {
    let degree = degree(node)
    guard degree <= limit else { return }
    buckets[degree].append(Int32(node))
    lowest = min(lowest, degree)
  }

  /// Leaves every neighbour that is not eliminated once.
  private mutating func putInOrder(_ node: Int) {
    stamp += 1
    let now = stamp
    mark[node] = now
    lists.filter(node) { other in
      guard !eliminated[Int(other)], mark[Int(other)] != now else { return false }
      mark[Int(other)] = now
      return true
    }
    changes[node] = 0
  }
}

/// Lists of numbers in one piece of memory, each with room to grow.
private final class NeighbourLists {
  private var memory: UnsafeMutablePointer<Int32>
  private var capacity: Int
  private var used: Int
  private var starts: [Int]
  private var counts: [Int32]
  private var rooms: [Int32]

  init(_ nodes: Int, _ edges: [(Int, Int)]) {
    var degrees = [Int32](repeating: 0, count: nodes)
    for (a, b) in edges {
      degrees[a] += 1
      degrees[b] += 1
    }
    starts = Array(repeating: 0, count: nodes)
    used = 0
    for node in 0..<nodes {
      starts[node] = used
      used += Int(degrees[node])
    }
    capacity = max(2 * used, 1024)
    memory = .allocate(capacity: capacity)
    counts = Array(repeating: 0, count: nodes)
    rooms = degrees
    for (a, b) in edges {
      put(Int32(b), a)
      put(Int32(a), b)
    }
  }

  deinit { memory.deallocate() }

  private func put(_ value: Int32, _ node: Int) {
    memory[starts[node] + Int(counts[node])] = value
    counts[node] += 1
  }

  func count(_ node: Int) -> Int { Int(counts[node]) }

  @inline(__always)
  func forEach(_ node: Int, _ body: (Int32) -> Void) {
    let first = memory + starts[node]
    for k in 0..<Int(counts[node]) { body(first[k]) }
  }

  @inline(__always)
  func filter(_ node: Int, _ isKept: (Int32) -> Bool) {
    let first = memory + starts[node]
    var kept = 0
    for k in 0..<Int(counts[node]) where isKept(first[k]) {
      first[kept] = first[k]
      kept += 1
    }
    counts[node] = Int32(kept)
  }

  func clear(_ node: Int) { counts[node] = 0 }

  /// Appends all values but one.
  func append(_ values: [Int32], but left: Int32, to node: Int) {
    if Int(rooms[node]) < Int(counts[node]) + values.count { move(node, for: values.count) }
    for value in values where value != left { put(value, node) }
  }

  private func move(_ node: Int, for more: Int) {
    let room = 2 * (Int(counts[node]) + more)
    if used + room > capacity {
      let larger = UnsafeMutablePointer<Int32>.allocate(capacity: 2 * (used + room))
      larger.update(from: memory, count: used)
      memory.deallocate()
      (memory, capacity) = (larger, 2 * (used + room))
    }
    (memory + used).update(from: memory + starts[node], count: Int(counts[node]))
    (starts[node], rooms[node]) = (used, Int32(room))
    used += room
  }
}
