// SPDX-License-Identifier: GPL-2.0-or-later

/// Places of levels by neighbourhoods: levels of the core that share leading levels lie together, as do a
/// region's firms, and leading levels lie where their first partner does.
///
/// Where each level meets few others, a vector of the core is looked up a few lines of the cache at a time;
/// by neighbourhoods most of them are there already. They are found by labels that every level takes over
/// from most of those that it meets (Raghavan, Albert & Kumara 2007, Physical Review E 76:036106), none of
/// which may spread over more levels than a cache holds.
struct LevelNeighbourhoods {
  /// Of all groups.
  let places: [LevelPlaces]

  /// Products of blocks for every pair of levels, above which a core is not written out, and not even its
  /// pattern is looked for.
  static let mostMeetings = 16.0
  /// Levels of one neighbourhood, at most: eight numbers of each fill a part of a cache.
  private static let largest = 4096
  private static let passes = 5
  /// A pass that changes less than this share of the labels is the last.
  private static let few = 0.01
  /// Scalars of a core that a cache holds in any order.
  private static let smallCore = 8192

  /// nil where levels are best placed by frequency: the core is small, or its levels meet many others.
  init?(_ model: LinearMixedModel, leading: Int) {
    let scalars = model.groups.map { $0.levelCount * $0.size }
    guard scalars.reduce(0, +) - scalars[leading] > Self.smallCore else { return nil }
    var places = [LevelPlaces?](repeating: nil, count: model.groups.count)
    for pair in model.pairs where pair.contains(leading) {
      let group = pair.rowGroup == leading ? pair.columnGroup : pair.rowGroup
      let counts = model.groups.map(\.levelCount)
      let ofLeaders = Partners(pair, of: leading, levels: counts[leading])
      guard ofLeaders.meetings <= Self.mostMeetings * Double(ofLeaders.count) else {
        return nil
      }
      let own = LevelPlaces(
        levels: Self.order(Partners(pair, of: group, levels: counts[group]), ofLeaders))
      places[group] = own
      guard places[leading] == nil else { continue }
      places[leading] = LevelPlaces(
        levels: LevelPlaces.ordered(0..<Int32(counts[leading]), keys: counts[group] + 1) { level in
          var first = Int32(counts[group])
          ofLeaders.forEach(Int(level)) { first = min(first, own.places[$0]) }
          return first
        })
    }
    self.places = places.enumerated().map { g, known in
      known ?? LevelPlaces(levelCount: model.groups[g].levelCount, pairs: model.pairs, group: g)
    }
  }

  /// By neighbourhood, and there by frequency.
  private static func order(_ own: Partners, _ ofLeaders: Partners) -> [Int32] {
    let labels = labels(own, ofLeaders)
    var degrees = [Int32](repeating: 0, count: own.levelCount)
    for level in degrees.indices { degrees[level] = Int32(own.degree(level)) }
    let byFrequency = LevelPlaces.byFrequency(degrees)
    return LevelPlaces.ordered(byFrequency, keys: own.levelCount) { labels[Int($0)] }
  }

  /// A label below the number of levels for each.
  private static func labels(_ own: Partners, _ ofLeaders: Partners) -> [Int32] {
    let n = own.levelCount
    var labels = (0..<Int32(n)).map { $0 }
    var sizes = [Int32](repeating: 1, count: n)
    var votes = [Int32](repeating: 0, count: n)
    var candidates: [Int32] = []
    for _ in 0..<passes {
      var changes = 0
      for i in 0..<n {
        own.forEach(i) { j in
          ofLeaders.forEach(j) { k in
            guard k != i else { return }
            let label = labels[k]
            if votes[Int(label)] == 0 { candidates.append(label) }
            votes[Int(label)] += 1
          }
        }
        let before = labels[i]
        var (best, most) = (before, votes[Int(before)])
        for label in candidates {
          if votes[Int(label)] > most, sizes[Int(label)] < largest {
            (best, most) = (label, votes[Int(label)])
          }
        }
        for label in candidates { votes[Int(label)] = 0 }
        candidates.removeAll(keepingCapacity: true)
        guard best != before else { continue }
        labels[i] = best
        sizes[Int(before)] -= 1
        sizes[Int(best)] += 1
        changes += 1
      }
      if Double(changes) < few * Double(n) { break }
    }
    return labels
  }

  /// The levels of one group with those of another that each occurs with.
  private final class Partners {
    private let starts: OwnedBuffer<Int>
    private let partners: OwnedBuffer<Int32>
    let levelCount: Int

    init(_ pair: CoOccurrence, of group: Int, levels: Int) {
      let isRow = pair.rowGroup == group
      let (own, others) =
        isRow ? (pair.rowLevels, pair.columnLevels) : (pair.columnLevels, pair.rowLevels)
      levelCount = levels
      starts = OwnedBuffer(repeating: 0, count: levels + 1)
      partners = OwnedBuffer(repeating: 0, count: own.count)
      for level in own { starts.start[Int(level) + 1] += 1 }
      for level in 0..<levels { starts.start[level + 1] += starts.start[level] }
      let next = OwnedBuffer(repeating: 0, count: levels)
      for level in 0..<levels { next.start[level] = starts.start[level] }
      for k in own.indices {
        let level = Int(own[k])
        partners.start[next.start[level]] = others[k]
        next.start[level] += 1
      }
    }

    var count: Int { partners.count }

    func degree(_ level: Int) -> Int { starts.start[level + 1] - starts.start[level] }

    /// Σ of the squared numbers of partners.
    var meetings: Double {
      (0..<levelCount).reduce(0) { $0 + Double(degree($1)) * Double(degree($1)) }
    }

    @inline(__always)
    func forEach(_ level: Int, _ body: (Int) -> Void) {
      for k in starts.start[level]..<starts.start[level + 1] { body(Int(partners.start[k])) }
    }
  }
}
