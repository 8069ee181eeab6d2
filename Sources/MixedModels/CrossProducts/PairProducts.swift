// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// ZᵢᵀWZⱼ for every pair of levels (i of one grouping factor, j of another) that occurs together, in raw columns.
///
/// Parts arrive with pairs in any order. They are appended, and now and then sorted and added up, always in the
/// order of arrival, so that the sums depend on the data alone. Memory is in proportion to the different pairs.
package struct PairProducts: Sendable {
  /// Row level in the upper half, column level in the lower; sorted once `compact` was called.
  package private(set) var keys: [UInt64] = []
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

  package var count: Int { keys.count }
  private var size: Int { rowCapacity * columnCapacity }

  @inline(__always) package static func rowLevel(_ key: UInt64) -> Int { Int(key >> 32) }
  @inline(__always) package static func columnLevel(_ key: UInt64) -> Int { Int(key & 0xFFFF_FFFF) }

  /// Adds a chunk's rows; `row` and `column` are the levels and Z's of the two factors.
  package mutating func accumulate(
    rowLevel: [Int32], row: SparsePanel, columnLevel: [Int32], column: SparsePanel, w: [Double]
  ) {
    var pairs = PairDictionary()
    let codes = pairs.codes(rowLevel, columnLevel)
    let (size, columnCapacity) = (size, columnCapacity)
    keys = pairs.keys
    blocks = Array(repeating: 0, count: pairs.count * size)
    blocks.withUnsafeMutableBufferPointer { blocks in
      if size == 1, row.isConstant, column.isConstant {  // two random intercepts
        for r in codes.indices { blocks[Int(codes[r])] += w[r] }
        return
      }
      row.withRows { rowTable in
        column.withRows { columnTable in
          for r in codes.indices {
            let base = Int(codes[r]) * size
            let (rows, rowValues) = rowTable.row(r)
            let (columns, columnValues) = columnTable.row(r)
            for a in 0..<row.width {
              let wz = w[r] * rowValues[a]
              let line = base + rows[a] * columnCapacity
              for b in 0..<column.width { blocks[line + columns[b]] += wz * columnValues[b] }
            }
          }
        }
      }
    }
  }

  package mutating func merge(
    _ other: PairProducts, rowLevelMap: [Int32], columnLevelMap: [Int32],
    rowColumns: [Int], columnColumns: [Int], rowCapacity: Int, columnCapacity: Int
  ) {
    grow(rowCapacity, columnCapacity)
    for key in other.keys {
      keys.append(PairDictionary.translated(key, rowLevelMap, columnLevelMap))
    }
    if size == 1 {
      blocks.append(contentsOf: other.blocks)
    } else {
      appendBlocks(of: other, rowColumns, columnColumns)
    }
    if count - sortedCount > max(1 << 16, sortedCount / 2) { compact() }
  }

  private mutating func appendBlocks(
    of other: PairProducts, _ rowColumns: [Int], _ columnColumns: [Int]
  ) {
    let (base, size, columnCapacity) = (blocks.count, size, columnCapacity)
    blocks.append(contentsOf: repeatElement(0, count: other.count * size))
    blocks.withUnsafeMutableBufferPointer { blocks in
      for pair in 0..<other.count {
        let target = base + pair * size
        let source = pair * other.size
        for i in rowColumns.indices {
          for j in columnColumns.indices {
            blocks[target + rowColumns[i] * columnCapacity + columnColumns[j]] =
              other.blocks[source + i * other.columnCapacity + j]
          }
        }
      }
    }
  }

  private mutating func grow(_ rows: Int, _ columns: Int) {
    guard rows > rowCapacity || columns > columnCapacity else { return }
    let (rows, columns) = (max(rows, rowCapacity), max(columns, columnCapacity))
    blocks = restrided(
      blocks, rows: count, from: (rowCapacity, columnCapacity), to: (rows, columns))
    (rowCapacity, columnCapacity) = (rows, columns)
  }

  /// Forgets all pairs.
  mutating func release() { self = PairProducts(rowCapacity: rowCapacity, columnCapacity: columnCapacity) }

  /// P ↦ rows · P · columnsᵀ for every pair.
  func transformed(rows: DenseMatrix, columns: DenseMatrix) -> PairProducts {
    var result = self
    for pair in 0..<count {
      let base = pair * size
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
    let tail = Array(keys[sortedCount...])
    let order = radixOrder(tail)  // equal keys in order of arrival
    let tailKeys = order.map { tail[Int($0)] }
    let (count, sortedCount, size) = (count, sortedCount, size)
    var merged: [UInt64] = []
    // Room for all is asked for, but only what is different is touched.
    let sums = [Double](unsafeUninitializedCapacity: count * size) { sums, sumCount in
      merged = [UInt64](unsafeUninitializedCapacity: count) { merged, mergedCount in
        keys.withUnsafeBufferPointer { keys in
          blocks.withUnsafeBufferPointer { blocks in
            mergedCount = mergeRuns(
              keys[..<sortedCount], blocks, tailKeys, order, size: size, merged.baseAddress!, sums)
          }
        }
        sumCount = mergedCount * size
      }
    }
    (keys, blocks) = (merged, sums)
    self.sortedCount = keys.count
  }
}

/// Merges the sorted pairs with the ones behind them, taken in `order`; returns how many different ones there are.
private func mergeRuns(
  _ keys: Slice<UnsafeBufferPointer<UInt64>>, _ blocks: UnsafeBufferPointer<Double>,
  _ tailKeys: [UInt64], _ order: [UInt32], size: Int,
  _ merged: UnsafeMutablePointer<UInt64>, _ sums: UnsafeMutableBufferPointer<Double>
) -> Int {
  let head = UnsafeBufferPointer(rebasing: keys)
  let tail = head.count * size  // where the unsorted blocks begin
  // Gathered first: nothing waits for one access to far memory before the next.
  let single = size == 1 ? order.map { blocks[tail + Int($0)] } : []
  var distinct = 0
  func take(_ key: UInt64, _ block: UnsafePointer<Double>) {
    if distinct > 0, merged[distinct - 1] == key {
      for k in 0..<size { sums[(distinct - 1) * size + k] += block[k] }
    } else {
      for k in 0..<size { sums.initializeElement(at: distinct * size + k, to: block[k]) }
      merged[distinct] = key
      distinct += 1
    }
  }
  let base = blocks.baseAddress!
  single.withUnsafeBufferPointer { single in
    var next = 0
    for position in order.indices {
      let key = tailKeys[position]
      while next < head.count, head[next] <= key {
        take(head[next], base + next * size)
        next += 1
      }
      let block = size == 1 ? single.baseAddress! + position : base + tail + Int(order[position]) * size
      take(key, block)
    }
    while next < head.count {
      take(head[next], base + next * size)
      next += 1
    }
  }
  return distinct
}
