// SPDX-License-Identifier: GPL-2.0-or-later

/// Which nodes are connected: levels of two factors by rows that they share, or rows by levels.
struct LevelComponents {
  private var parent: [Int32]

  init(count: Int) { parent = Array(0..<Int32(count)) }

  mutating func root(_ node: Int) -> Int {
    var node = Int32(node)
    while parent[Int(node)] != node {
      parent[Int(node)] = parent[Int(parent[Int(node)])]
      node = parent[Int(node)]
    }
    return Int(node)
  }

  mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (root(a), root(b))
    if a != b { parent[max(a, b)] = Int32(min(a, b)) }
  }

  /// The first level of the second of two factors in each component; a level's column is the sum of the
  /// component's columns of the first factor less those of the second factor's other levels.
  ///
  /// - Parameters:
  ///   - counts: Levels of the two.
  ///   - pairs: Levels of the first and of the second that occur together.
  ///   - prefersLast: Whether it is the last level in the components without the second factor's first
  ///   level, of columns in order the one that R drops.
  static func redundantLevels(
    _ counts: (Int, Int), _ pairs: some Sequence<(Int32, Int32)>, prefersLast: Bool = false
  ) -> [Int] {
    var components = LevelComponents(count: counts.0 + counts.1)
    for (a, b) in pairs { components.join(Int(a), counts.0 + Int(b)) }
    return components.redundantLevels(counts, prefersLast: prefersLast)
  }

  /// The same for levels that have been joined, those of the second factor behind those of the first.
  mutating func redundantLevels(_ counts: (Int, Int), prefersLast: Bool) -> [Int] {
    var isKnown = [Bool](repeating: false, count: counts.0 + counts.1)
    let order = prefersLast && counts.1 > 0 ? [0] + (1..<counts.1).reversed() : Array(0..<counts.1)
    return order.filter { level in
      let root = root(counts.0 + level)
      defer { isKnown[root] = true }
      return !isKnown[root]
    }
  }
}
