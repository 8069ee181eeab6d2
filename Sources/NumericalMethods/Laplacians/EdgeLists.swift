// SPDX-License-Identifier: GPL-2.0-or-later

/// The edges of a graph while its vertices are eliminated: every vertex has a list of edges, every edge is in the
/// lists of both its ends, and two ends that belong together know each other.
struct EdgeLists {
  private static let none: Int32 = -1
  private var targets: [Int32]
  /// Of ends; zero for those that are gone.
  private var weights: [Double]
  private var next: [Int32]
  private var mates: [Int32]
  private var heads: [Int32]
  /// Of the vertex at hand: its edges' ends, one for every neighbour.
  private var ends: [(end: Int32, weight: Double)] = []
  /// Where a neighbour is in `ends`.
  private var slots: [Int32]
  private var sums: [Double] = []

  init(_ graph: WeightedGraph) {
    let (n, m) = (graph.vertexCount, graph.neighbours.count)
    precondition(m < Int(Int32.max))
    (targets, weights) = (Array(repeating: 0, count: m), Array(repeating: 0, count: m))
    (next, mates) = (Array(repeating: 0, count: m), Array(repeating: 0, count: m))
    (heads, slots) = (Array(repeating: Self.none, count: n), Array(repeating: Self.none, count: n))
    var count: Int32 = 0
    for a in 0..<n {
      for k in graph.starts[a]..<graph.starts[a + 1] where graph.neighbours[k] > a {
        let b = graph.neighbours[k]
        add(count, to: Int32(a), target: b, weight: graph.weights[k], mate: count + 1)
        add(count + 1, to: b, target: Int32(a), weight: graph.weights[k], mate: count)
        count += 2
      }
    }
  }

  private mutating func add(_ end: Int32, to vertex: Int32, target: Int32, weight: Double, mate: Int32) {
    let e = Int(end)
    (targets[e], weights[e], mates[e]) = (target, weight, mate)
    next[e] = heads[Int(vertex)]
    heads[Int(vertex)] = end
  }

  /// Finds the vertex' neighbours, edges to the same one taken together, the lightest first.
  private mutating func gather(_ v: Int32, _ buckets: inout DegreeBuckets) {
    ends.removeAll(keepingCapacity: true)
    var e = heads[Int(v)]
    while e != Self.none {
      let k = Int(e)
      e = next[k]
      guard weights[k] > 0 else { continue }
      let u = targets[k]
      let slot = slots[Int(u)]
      if slot == Self.none {
        slots[Int(u)] = Int32(ends.count)
        ends.append((Int32(k), weights[k]))
      } else {
        ends[Int(slot)].weight += weights[k]
        weights[Int(mates[k])] = 0
        buckets.change(u, by: -1)
      }
    }
    for (end, _) in ends { slots[Int(targets[Int(end)])] = Self.none }
    if ends.count < 24 {
      for i in 1..<max(ends.count, 1) {
        let own = ends[i]
        var k = i
        while k > 0, own.weight < ends[k - 1].weight {
          ends[k] = ends[k - 1]
          k -= 1
        }
        ends[k] = own
      }
    } else {
      ends.sort { ($0.weight, $0.end) < ($1.weight, $1.end) }
    }
  }

  /// Takes a vertex out, and appends its neighbours and their shares to `rows` and `shares`.
  ///
  /// - Returns: The inverse of the pivot; 0 for a vertex without neighbours.
  mutating func eliminate(
    _ v: Int32, _ buckets: inout DegreeBuckets, _ random: inout RandomStream, _ rows: inout [Int32],
    _ shares: inout [Double]
  ) -> Double {
    gather(v, &buckets)
    let count = ends.count
    guard count > 0 else { return 0 }
    var total = 0.0
    sums.removeAll(keepingCapacity: true)
    for (_, weight) in ends {
      total += weight
      sums.append(total)
    }
    var (scale, left) = (1.0, total)
    for i in 0..<count - 1 {
      let end = Int(ends[i].end)
      let (j, mate) = (targets[end], Int(mates[end]))
      let share = min(ends[i].weight * scale / left, 1)
      // Another neighbour of those that follow, in proportion to its weight.
      let u = sums[i] + random.uniform() * (total - sums[i])
      var (low, high) = (i + 1, count - 1)
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] < u { low = middle + 1 } else { high = middle }
      }
      let k = targets[Int(ends[low].end)]
      let weight = share * (1 - share) * left
      // The edge of v and j becomes one of j and k.
      (targets[mate], weights[mate], mates[mate]) = (k, weight, Int32(end))
      add(Int32(end), to: k, target: j, weight: weight, mate: Int32(mate))
      buckets.change(k, by: 1)
      scale *= 1 - share
      left *= (1 - share) * (1 - share)
      rows.append(j)
      shares.append(share)
    }
    let last = Int(ends[count - 1].end)
    weights[Int(mates[last])] = 0
    buckets.change(targets[last], by: -1)
    rows.append(targets[last])
    shares.append(1)
    let pivot = ends[count - 1].weight * scale
    return pivot > 0 ? 1 / pivot : 0
  }
}
