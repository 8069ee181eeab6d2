// SPDX-License-Identifier: GPL-2.0-or-later

/// A group's levels in the order in which they are worked on, so that what is looked up most often, or
/// together, lies together.
struct LevelPlaces {
  /// Level at each place.
  let levels: [Int32]
  /// Place of each level.
  let places: [Int32]

  /// The most frequent first.
  init(levelCount: Int, pairs: [CoOccurrence], group: Int) {
    var degrees = [Int32](repeating: 0, count: levelCount)
    for pair in pairs where pair.contains(group) {
      for level in pair.rowGroup == group ? pair.rowLevels : pair.columnLevels {
        degrees[Int(level)] += 1
      }
    }
    self.init(levels: Self.byFrequency(degrees))
  }

  init(levels: [Int32]) {
    self.levels = levels
    var places = [Int32](repeating: 0, count: levels.count)
    for (place, level) in levels.enumerated() { places[Int(level)] = Int32(place) }
    self.places = places
  }

  /// Levels with many partners first, else as they are numbered.
  static func byFrequency(_ degrees: [Int32]) -> [Int32] {
    let most = degrees.max() ?? 0
    return ordered(0..<Int32(degrees.count), keys: Int(most) + 1) { most - degrees[Int($0)] }
  }

  /// `items` by increasing keys, below `keys`; those of one key stay as they are.
  static func ordered(
    _ items: some Collection<Int32>, keys: Int, _ key: (Int32) -> Int32
  ) -> [Int32] {
    var next = [Int](repeating: 0, count: keys + 1)
    for item in items { next[Int(key(item)) + 1] += 1 }
    for k in 0..<keys { next[k + 1] += next[k] }
    var result = [Int32](repeating: 0, count: items.count)
    for item in items {
      let k = Int(key(item))
      result[next[k]] = item
      next[k] += 1
    }
    return result
  }

  var count: Int { levels.count }

  /// `values`, `width` for every level, with the levels in their places.
  func arranged(_ values: [Double], width: Int) -> OwnedBuffer<Double> {
    let result = OwnedBuffer(repeating: 0.0, count: values.count)
    values.withUnsafeBufferPointer { values in
      for (place, level) in levels.enumerated() {
        for x in 0..<width { result.start[place * width + x] = values[Int(level) * width + x] }
      }
    }
    return result
  }
}
