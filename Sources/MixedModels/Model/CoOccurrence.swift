// SPDX-License-Identifier: GPL-2.0-or-later

/// The pairs of levels of two groups that occur in the same rows.
struct CoOccurrence: Sendable {
  let rowGroup: Int
  let columnGroup: Int
  /// Sorted by row level, then column level.
  let rowLevels: [Int32]
  let columnLevels: [Int32]
  /// Pair after pair, ℓ_row × ℓ_column, column-major.
  let blocks: [Double]

  func with(_ blocks: [Double]) -> CoOccurrence {
    CoOccurrence(
      rowGroup: rowGroup, columnGroup: columnGroup, rowLevels: rowLevels,
      columnLevels: columnLevels, blocks: blocks)
  }

  /// The same with its groups' numbers moved.
  func numbered(from first: Int) -> CoOccurrence {
    CoOccurrence(
      rowGroup: rowGroup + first, columnGroup: columnGroup + first, rowLevels: rowLevels,
      columnLevels: columnLevels, blocks: blocks)
  }
}
