// SPDX-License-Identifier: GPL-2.0-or-later

/// A group's levels in the order in which they are worked on: the most frequent first, so that what
/// is looked up most often lies together.
struct LevelPlaces {
  /// Level at each place.
  let levels: [Int32]
  /// Place of each level.
  let places: [Int32]

  init(levelCount: Int, pairs: [CoOccurrence], group: Int) {
    var degrees = [Int](repeating: 0, count: levelCount)
    for pair in pairs where pair.contains(group) {
      for level in pair.rowGroup == group ? pair.rowLevels : pair.columnLevels {
        degrees[Int(level)] += 1
      }
    }
    levels = (0..<Int32(levelCount)).sorted {
      (-degrees[Int($0)], $0) < (-degrees[Int($1)], $1)
    }
    var places = [Int32](repeating: 0, count: levelCount)
    for (place, level) in levels.enumerated() { places[Int(level)] = Int32(place) }
    self.places = places
  }

  var count: Int { levels.count }

  /// `values`, `width` for every level, with the levels in their places.
  func arranged(_ values: [Double], width: Int) -> OwnedBuffer<Double> {
    let result = OwnedBuffer(repeating: 0.0, count: values.count)
    for (place, level) in levels.enumerated() {
      for x in 0..<width { result.start[place * width + x] = values[Int(level) * width + x] }
    }
    return result
  }
}
