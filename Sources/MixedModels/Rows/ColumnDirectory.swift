// SPDX-License-Identifier: GPL-2.0-or-later

/// Which column belongs to which cell of which block, for cells that turn up one by one.
package struct ColumnDirectory: Sendable {
  /// For every run of columns, in column order: its block, its cell, its first column.
  package struct Run: Sendable, Hashable {
    package var block: Int
    package var cell: Int32
    package var start: Int
  }
  package private(set) var runs: [Run] = []
  package private(set) var count: Int
  /// For every block: cell → first column, −1 where the cell has none yet.
  package private(set) var starts: [[Int32]]
  private let widths: [Int]

  /// - Parameter first: columns that stand before all blocks (the response).
  package init(_ blocks: [ColumnBlock], first: Int = 0) {
    widths = blocks.map(\.monomials.count)
    starts = blocks.map { $0.cellSet == nil ? [-1] : [] }
    count = first
    for block in blocks.indices where blocks[block].cellSet == nil {
      _ = add(block: block, cell: 0)
    }
  }

  /// First column of a cell's run, made now if the cell is new.
  package mutating func add(block: Int, cell: Int32) -> Int {
    while starts[block].count <= Int(cell) { starts[block].append(-1) }
    if starts[block][Int(cell)] < 0 {
      starts[block][Int(cell)] = Int32(count)
      runs.append(Run(block: block, cell: cell, start: count))
      count += widths[block]
    }
    return Int(starts[block][Int(cell)])
  }

  /// Adds the runs of `other`, whose cells have the codes `maps` here.
  ///
  /// - Returns: the column here of every column there.
  package mutating func merge(
    _ other: ColumnDirectory, blocks: [ColumnBlock], maps: [[Int32]]
  ) -> [Int] {
    var columns = Array(0..<other.count)
    for run in other.runs {
      let cell = blocks[run.block].cellSet.map { maps[$0][Int(run.cell)] } ?? 0
      let start = add(block: run.block, cell: cell)
      for k in 0..<widths[run.block] { columns[run.start + k] = start + k }
    }
    return columns
  }
}
