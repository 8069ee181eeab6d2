// SPDX-License-Identifier: GPL-2.0-or-later

/// A block of raw columns as rows meet it: where the columns of every cell begin.
struct RawColumns: Sendable {
  let cellSet: Int?
  /// Cell → first column, −1 where it has none.
  let starts: [Int32]
  /// Those that are wanted, with their places after the first column.
  let monomials: [(offset: Int, monomial: Monomial)]

  /// - Parameter first: the column of the directory that is column 0.
  init(_ block: ColumnBlock, starts: [Int32], first: Int) {
    cellSet = block.cellSet
    self.starts = starts.map { $0 < 0 ? -1 : $0 - Int32(first) }
    monomials = block.monomials.enumerated().map { (offset: $0, monomial: $1) }
  }

  /// The same with those columns alone that have an entry in some cell.
  init?(_ block: RawColumns, where isWanted: (_ column: Int) -> Bool) {
    (cellSet, starts) = (block.cellSet, block.starts)
    monomials = block.monomials.filter { offset, _ in
      block.starts.contains { $0 >= 0 && isWanted(Int($0) + offset) }
    }
    if monomials.isEmpty { return nil }
  }

  static func all(
    _ blocks: [ColumnBlock], _ directory: ColumnDirectory, first: Int = 0
  ) -> [RawColumns] {
    zip(blocks, directory.starts).map { RawColumns($0, starts: $1, first: first) }
  }
}

/// What the raw columns of some rows are made of.
struct RowTerms: Sendable {
  let count: Int
  /// T₁, T₂, … of every atom; empty where they are not needed.
  let polynomials: [[[Double]]]
  /// For every cell set the code of every row; negative where there is none.
  let cells: [[Int32]]

  /// Calls `body` for every entry of some columns; rows without a cell have none.
  @inline(__always)
  func forEachEntry(
    _ blocks: [RawColumns], _ body: (_ row: Int, _ column: Int, _ value: Double) -> Void
  ) {
    for block in blocks {
      for (offset, monomial) in block.monomials {
        let values = RowBlock.values(of: monomial, polynomials, count: count)
        guard let set = block.cellSet else {
          let column = Int(block.starts[0]) + offset
          for row in 0..<count { body(row, column, values[row]) }
          continue
        }
        let cells = cells[set]
        for row in 0..<count where cells[row] >= 0 {
          let start = block.starts[Int(cells[row])]
          if start >= 0 { body(row, Int(start) + offset, values[row]) }
        }
      }
    }
  }
}
