// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension CoOccurrence {
  /// Maps the pairs of two groups to working coordinates, sorts them by level, and gives the raw
  /// ones back.
  init(
    releasing products: inout PairProducts, rowGroup g: Int, columnGroup h: Int,
    groups: [RandomEffectsGroup]
  ) {
    let (row, column) = (groups[g], groups[h])
    let map = PairMap(products, row.B, column.B)
    var raw = products.takeAll()
    let count = raw.keys.count
    var rowRanks = raw.keys.map { Int32(row.rank[PairProducts.rowLevel($0)]) }
    var columnRanks = raw.keys.map { Int32(column.rank[PairProducts.columnLevel($0)]) }
    raw.keys = []
    // Two levels of one group are a pair once, the later one its row.
    if g == h {
      for pair in 0..<count where rowRanks[pair] < columnRanks[pair] {
        (rowRanks[pair], columnRanks[pair]) = (columnRanks[pair], rowRanks[pair])
        map.transpose(&raw.blocks, pair)
      }
    }
    var order = [UInt32](0..<UInt32(count))
    // Stable, so equal pairs stay in the order of their cells.
    if !Self.isSorted(rowRanks, columnRanks) {
      order = countingOrder(order, by: columnRanks, count: column.levelCount)
      order = countingOrder(order, by: rowRanks, count: row.levelCount)
    }
    var rowLevels: [Int32] = []
    var columnLevels: [Int32] = []
    var blocks: [Double] = []
    rowLevels.reserveCapacity(count)
    columnLevels.reserveCapacity(count)
    blocks.reserveCapacity(count * map.size)
    var half = map.scratch
    for pair in order.lazy.map({ Int($0) }) {
      if rowLevels.last != rowRanks[pair] || columnLevels.last != columnRanks[pair] {
        rowLevels.append(rowRanks[pair])
        columnLevels.append(columnRanks[pair])
        for _ in 0..<map.size { blocks.append(0) }
      }
      map.add(raw.blocks, pair, to: &blocks, &half)
    }
    self.init(
      rowGroup: g, columnGroup: h, rowLevels: rowLevels, columnLevels: columnLevels, blocks: blocks)
  }

  private static func isSorted(_ rows: [Int32], _ columns: [Int32]) -> Bool {
    rows.indices.dropFirst().allSatisfy {
      (rows[$0 - 1], columns[$0 - 1]) <= (rows[$0], columns[$0])
    }
  }
}

/// A stable counting sort of indices by `ranks`, which are below `count`.
private func countingOrder(_ indices: [UInt32], by ranks: [Int32], count: Int) -> [UInt32] {
  var next = [Int](repeating: 0, count: count + 1)
  for rank in ranks { next[Int(rank) + 1] += 1 }
  for rank in 0..<count { next[rank + 1] += next[rank] }
  return [UInt32](unsafeUninitializedCapacity: indices.count) { sorted, sortedCount in
    next.withUnsafeMutableBufferPointer { next in
      for index in indices {
        let rank = Int(ranks[Int(index)])
        sorted.initializeElement(at: next[rank], to: index)
        next[rank] += 1
      }
    }
    sortedCount = indices.count
  }
}

/// P ↦ Bᵣᵀ P B_c for single pairs.
private struct PairMap {
  private let left: DenseMatrix
  private let right: DenseMatrix
  private let lineSize: Int
  private let blockSize: Int

  var size: Int { left.columns * right.columns }
  var scratch: [Double] { Array(repeating: 0, count: left.rows * right.columns) }

  init(_ raw: PairProducts, _ left: DenseMatrix, _ right: DenseMatrix) {
    (self.left, self.right) = (left, right)
    lineSize = raw.columnCapacity
    blockSize = raw.rowCapacity * raw.columnCapacity
  }

  /// Of a pair of one group's levels, which has as many rows as columns.
  func transpose(_ raw: inout [Double], _ pair: Int) {
    let base = pair * blockSize
    for i in 0..<lineSize {
      for j in 0..<i { raw.swapAt(base + i * lineSize + j, base + j * lineSize + i) }
    }
  }

  /// Adds a mapped pair to the last block, ℓ_row × ℓ_column, column-major.
  @inline(__always)
  func add(_ raw: [Double], _ pair: Int, to blocks: inout [Double], _ half: inout [Double]) {
    let base = pair * blockSize
    if size == 1, left.rows == 1, right.rows == 1 {
      blocks[blocks.count - 1] += left[0, 0] * (raw[base] * right[0, 0])
      return
    }
    let target = blocks.count - size
    for j in 0..<right.columns {
      for i in 0..<left.rows {
        var sum = 0.0
        for k in 0..<right.rows { sum += raw[base + i * lineSize + k] * right[k, j] }
        half[j * left.rows + i] = sum
      }
      for i in 0..<left.columns {
        for k in 0..<left.rows {
          blocks[target + j * left.columns + i] += left[k, i] * half[j * left.rows + k]
        }
      }
    }
  }
}
