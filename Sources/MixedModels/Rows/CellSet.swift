// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// How the cells of a classification are made: by one factor, or by crossing two classifications.
package enum CellSetSource: Sendable, Hashable {
  /// A factor of the model, by its index in the raw basis.
  case factor(Int)
  /// The combinations of two earlier cell sets that occur in the data.
  case product(Int, Int)
}

/// The cells of a classification that were seen, coded 0, 1, … in order of first appearance.
package enum CellSet: Sendable {
  case factor(LevelDictionary)
  case product(PairDictionary)

  package var count: Int {
    switch self {
    case .factor(let levels): levels.count
    case .product(let pairs): pairs.count
    }
  }

  /// Adds the cells of a later part of the data.
  ///
  /// - Parameter maps: for each earlier cell set, the code here of every code there.
  /// - Returns: the code here of every code in `other`.
  package mutating func merge(
    _ other: CellSet, source: CellSetSource, maps: [[Int32]]
  ) -> [Int32] {
    switch source {
    case .factor:
      guard case .factor(let theirs) = other, var levels = takeLevels() else { break }
      let map = levels.merge(theirs)
      self = .factor(levels)
      return map
    case .product(let left, let right):
      guard case .product(let theirs) = other, var pairs = takePairs() else { break }
      let map = pairs.merge(theirs, left: maps[left], right: maps[right])
      self = .product(pairs)
      return map
    }
    preconditionFailure("cell sets of different kinds")
  }

  // What is taken is referenced from nowhere else, so that it grows in place.

  private mutating func takeLevels() -> LevelDictionary? {
    guard case .factor(let levels) = self else { return nil }
    self = .factor(LevelDictionary())
    return levels
  }

  private mutating func takePairs() -> PairDictionary? {
    guard case .product(let pairs) = self else { return nil }
    self = .product(PairDictionary())
    return pairs
  }
}
