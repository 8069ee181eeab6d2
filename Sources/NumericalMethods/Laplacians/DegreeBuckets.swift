// SPDX-License-Identifier: GPL-2.0-or-later

/// Vertices by their degrees, of which the least is taken first.
struct DegreeBuckets {
  private static let none: Int32 = -1
  private var degrees: [Int32]
  private var next: [Int32]
  private var previous: [Int32]
  /// First vertex of every degree.
  private var heads: [Int32]
  private var least = 0

  init(degrees: [Int32]) {
    let n = degrees.count
    self.degrees = degrees
    (next, previous) = (Array(repeating: Self.none, count: n), Array(repeating: Self.none, count: n))
    heads = Array(repeating: Self.none, count: n + 1)
    for v in (0..<n).reversed() { insert(Int32(v)) }
  }

  /// Degrees of n and more are one bucket.
  private func bucket(_ v: Int32) -> Int { min(max(Int(degrees[Int(v)]), 0), heads.count - 1) }

  private mutating func insert(_ v: Int32) {
    let b = bucket(v)
    next[Int(v)] = heads[b]
    previous[Int(v)] = Self.none
    if heads[b] != Self.none { previous[Int(heads[b])] = v }
    heads[b] = v
    least = min(least, b)
  }

  private mutating func remove(_ v: Int32) {
    let (before, after) = (previous[Int(v)], next[Int(v)])
    if before != Self.none { next[Int(before)] = after } else { heads[bucket(v)] = after }
    if after != Self.none { previous[Int(after)] = before }
  }

  /// Takes out a vertex of least degree; there must be one.
  mutating func takeLeast() -> Int32 {
    while heads[least] == Self.none { least += 1 }
    let v = heads[least]
    remove(v)
    return v
  }

  mutating func change(_ v: Int32, by difference: Int32) {
    remove(v)
    degrees[Int(v)] += difference
    insert(v)
  }
}
