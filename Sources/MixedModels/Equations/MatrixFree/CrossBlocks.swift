// SPDX-License-Identifier: GPL-2.0-or-later

/// The blocks A_rc of two groups in both orientations, levels by their places: whatever is computed
/// from them, every result is owned by one row and summed in the order of its partners.
final class CrossBlocks: Sendable {
  let rowGroup: Int
  let columnGroup: Int
  let byRow: BlockRows
  let byColumn: BlockRows

  /// - Parameter sizes: ℓ of the two groups.
  init(
    _ pair: CoOccurrence, rows: LevelPlaces, columns: LevelPlaces,
    sizes: (row: Int, column: Int)
  ) {
    (rowGroup, columnGroup) = (pair.rowGroup, pair.columnGroup)
    let isUnit = sizes == (1, 1) && pair.blocks.allSatisfy { $0 == 1 }
    let inOrder = pair.rowStarts(levels: rows.count)
    // Rows by place, hence every column's rows by place as well, and then the rows' columns.
    var (byColumn, source) = BlockRows.Pattern.collected(
      count: columns.count, entries: pair.rowLevels.count, keepsSource: !isUnit
    ) { add in
      for (place, level) in rows.levels.enumerated() {
        for k in inOrder[Int(level)]..<inOrder[Int(level) + 1] {
          add(Int(columns.places[Int(pair.columnLevels[k])]), Int32(place), UInt32(k))
        }
      }
    }
    var (byRow, rowSource) = BlockRows.Pattern.collected(
      count: rows.count, entries: pair.rowLevels.count, keepsSource: !isUnit
    ) { add in
      for column in 0..<columns.count {
        for k in byColumn.starts[column]..<byColumn.starts[column + 1] {
          add(Int(byColumn.partners[k]), Int32(column), isUnit ? 0 : source[k])
        }
      }
    }
    let (m, n) = sizes
    self.byRow = BlockRows(consuming: &byRow, height: m, width: n, isUnit: isUnit) { target in
      for (k, s) in rowSource.enumerated() {
        pair.copyBlock(
          Int(s), rows: m, columns: n, transposed: false, to: target + k * m * n)
      }
    }
    rowSource = []
    self.byColumn = BlockRows(consuming: &byColumn, height: n, width: m, isUnit: isUnit) { target in
      for (k, s) in source.enumerated() {
        pair.copyBlock(Int(s), rows: m, columns: n, transposed: true, to: target + k * m * n)
      }
    }
    source = []
  }

  /// Blocks with this group's levels in the rows.
  func rows(of group: Int) -> BlockRows { group == rowGroup ? byRow : byColumn }

  /// The group that stands against `group`.
  func partner(of group: Int) -> Int { group == rowGroup ? columnGroup : rowGroup }
}

extension CoOccurrence {
  /// First pair of every row level, and the number of pairs.
  fileprivate func rowStarts(levels: Int) -> [Int] {
    var starts = [Int](repeating: 0, count: levels + 1)
    for level in rowLevels { starts[Int(level) + 1] += 1 }
    for level in 0..<levels { starts[level + 1] += starts[level] }
    return starts
  }
}
