// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// ZᵢᵀWZⱼ for every pair of levels (i of one grouping factor, j of another) that occurs together, in raw columns.
///
/// Parts arrive with pairs in any order. They are appended, and now and then sorted and added up, always in the
/// order of arrival, so that the sums depend on the data alone.
package struct PairProducts: Sendable {
  /// Sorted by row level, then column level.
  package private(set) var rowLevels: [Int32] = []
  package private(set) var columnLevels: [Int32] = []
  /// Pair after pair, row-major rowCapacity × columnCapacity.
  package private(set) var blocks: [Double] = []
  package private(set) var rowCapacity: Int
  package private(set) var columnCapacity: Int
  /// Pairs from here on are unsorted and may repeat earlier ones.
  private var sortedCount = 0

  package init(rowCapacity: Int, columnCapacity: Int) {
    self.rowCapacity = rowCapacity
    self.columnCapacity = columnCapacity
  }

  package var count: Int { rowLevels.count }

  /// Adds a chunk's rows; `rows` and `columns` are the levels and Z's of the two factors.
  package mutating func accumulate(
    rowLevel: [Int32], row: SparsePanel, columnLevel: [Int32], column: SparsePanel, w: [Double]
  ) {
    var pairs = PairDictionary()
    let codes = rowLevel.indices.map { pairs.code(rowLevel[$0], columnLevel[$0]) }
    let size = rowCapacity * columnCapacity
    rowLevels = pairs.left
    columnLevels = pairs.right
    blocks = Array(repeating: 0, count: pairs.count * size)
    for r in codes.indices {
      let base = Int(codes[r]) * size
      for a in r * row.width..<(r + 1) * row.width {
        let wz = w[r] * row.value[a]
        let line = base + Int(row.index[a]) * columnCapacity
        for b in r * column.width..<(r + 1) * column.width {
          blocks[line + Int(column.index[b])] += wz * column.value[b]
        }
      }
    }
  }

  package mutating func merge(
    _ other: PairProducts, rowLevelMap: [Int32], columnLevelMap: [Int32],
    rowColumns: [Int], columnColumns: [Int], rowCapacity: Int, columnCapacity: Int
  ) {
    grow(rowCapacity, columnCapacity)
    let base = count * rowCapacity * columnCapacity
    blocks.append(contentsOf: repeatElement(0, count: other.count * rowCapacity * columnCapacity))
    for pair in 0..<other.count {
      rowLevels.append(rowLevelMap[Int(other.rowLevels[pair])])
      columnLevels.append(columnLevelMap[Int(other.columnLevels[pair])])
      let target = base + pair * rowCapacity * columnCapacity
      let source = pair * other.rowCapacity * other.columnCapacity
      for i in rowColumns.indices {
        for j in columnColumns.indices {
          blocks[target + rowColumns[i] * columnCapacity + columnColumns[j]] =
            other.blocks[source + i * other.columnCapacity + j]
        }
      }
    }
    if count - sortedCount > max(1 << 16, sortedCount) { compact() }
  }

  private mutating func grow(_ rows: Int, _ columns: Int) {
    guard rows > rowCapacity || columns > columnCapacity else { return }
    let (rows, columns) = (max(rows, rowCapacity), max(columns, columnCapacity))
    blocks = restrided(
      blocks, rows: count, from: (rowCapacity, columnCapacity), to: (rows, columns))
    (rowCapacity, columnCapacity) = (rows, columns)
  }

  /// P ↦ rows · P · columnsᵀ for every pair.
  func transformed(rows: DenseMatrix, columns: DenseMatrix) -> PairProducts {
    var result = self
    for pair in 0..<count {
      let base = pair * rowCapacity * columnCapacity
      var block = DenseMatrix(rows: rows.rows, columns: columns.rows)
      for i in 0..<rows.rows {
        for j in 0..<columns.rows { block[i, j] = blocks[base + i * columnCapacity + j] }
      }
      let new = (rows * block) * columns.transposed
      for i in 0..<rows.rows {
        for j in 0..<columns.rows { result.blocks[base + i * columnCapacity + j] = new[i, j] }
      }
    }
    return result
  }

  /// Sorts the pairs and adds up those that are equal.
  package mutating func compact() {
    guard sortedCount < count else { return }
    let size = rowCapacity * columnCapacity
    let keys = (0..<count).map {
      UInt64(UInt32(bitPattern: rowLevels[$0])) << 32 | UInt64(UInt32(bitPattern: columnLevels[$0]))
    }
    // Equal keys in order of arrival: the sums are the same for any sorting algorithm.
    let order = (0..<count).sorted { (keys[$0], $0) < (keys[$1], $1) }
    var sums: [Double] = []
    sums.reserveCapacity(blocks.count)
    var kept: [Int] = []
    for pair in order {
      if let last = kept.last, keys[last] == keys[pair] {
        for k in 0..<size { sums[sums.count - size + k] += blocks[pair * size + k] }
      } else {
        kept.append(pair)
        sums.append(contentsOf: blocks[pair * size..<(pair + 1) * size])
      }
    }
    rowLevels = kept.map { rowLevels[$0] }
    columnLevels = kept.map { columnLevels[$0] }
    blocks = sums
    sortedCount = count
  }
}
