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
    switch (self, other, source) {
    case (.factor(var levels), .factor(let theirs), _):
      self = .factor(LevelDictionary())  // keeps the dictionary uniquely referenced while it grows
      let map = levels.merge(theirs)
      self = .factor(levels)
      return map
    case (.product(var pairs), .product(let theirs), .product(let left, let right)):
      self = .product(PairDictionary())
      let map = pairs.merge(theirs, left: maps[left], right: maps[right])
      self = .product(pairs)
      return map
    default:
      preconditionFailure("cell sets of different kinds")
    }
  }
}
