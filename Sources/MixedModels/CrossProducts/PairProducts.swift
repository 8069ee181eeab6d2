// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// ZᵢᵀWZⱼ for every pair of levels (i of one grouping factor, j of another) that occurs together,
/// in raw columns.
///
/// Parts arrive with pairs in any order. They are appended, and now and then sorted and added up,
/// always in the order of arrival, so that the sums depend on the data alone. Memory is in
/// proportion to the different pairs.
package struct PairProducts: Sendable {
  package private(set) var rowCapacity: Int
  package private(set) var columnCapacity: Int
  /// Runs of pairs, each for a range of row levels: sorting one stays within the caches. Blocks are
  /// row-major rowCapacity × columnCapacity.
  private(set) var runs: [PairRun] = []
  /// Row levels per run, as a power of two.
  private var rangeBits: UInt64 = 10

  package init(rowCapacity: Int, columnCapacity: Int) {
    self.rowCapacity = rowCapacity
    self.columnCapacity = columnCapacity
  }

  /// Pairs in order, all different.
  init(rowCapacity: Int, columnCapacity: Int, sorted keys: [UInt64], blocks: [Double]) {
    self.init(rowCapacity: rowCapacity, columnCapacity: columnCapacity)
    var start = 0
    while start < keys.count {
      let run = Int(keys[start] >> (32 + rangeBits))
      var end = start + 1
      while end < keys.count, Int(keys[end] >> (32 + rangeBits)) == run { end += 1 }
      while runs.count <= run { runs.append(PairRun()) }
      runs[run] = PairRun(
        sorted: Array(keys[start..<end]), blocks: Array(blocks[start * size..<end * size]))
      start = end
    }
  }

  package var count: Int { runs.reduce(0) { $0 + $1.keys.count } }
  private var size: Int { rowCapacity * columnCapacity }

  /// Row level in the upper half, column level in the lower; sorted once `compact` was called.
  package var keys: [UInt64] { runs.flatMap(\.keys) }
  /// Pair after pair.
  package var blocks: [Double] { runs.flatMap(\.blocks) }

  @inline(__always) package static func rowLevel(_ key: UInt64) -> Int { Int(key >> 32) }
  @inline(__always) package static func columnLevel(_ key: UInt64) -> Int { Int(key & 0xFFFF_FFFF) }

  /// Adds a chunk's rows; `row` and `column` are the levels and Z's of the two factors.
  package mutating func accumulate(
    rowLevel: [Int32], row: SparsePanel, columnLevel: [Int32], column: SparsePanel, w: [Double]
  ) {
    var pairs = PairDictionary()
    let codes = pairs.codes(rowLevel, columnLevel)
    let (size, columnCapacity) = (size, columnCapacity)
    rangeBits = 32  // the levels are a chunk's own: one run, to be merged into others
    var blocks = [Double](repeating: 0, count: pairs.count * size)
    defer { runs = [PairRun(keys: pairs.keys, blocks: blocks)] }
    blocks.withUnsafeMutableBufferPointer { blocks in
      if size == 1, row.isConstant, column.isConstant {  // two random intercepts
        for r in codes.indices { blocks[Int(codes[r])] += w[r] }  // Σw of the pair
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
              for b in 0..<column.width { blocks[line + columns[b]] += wz * columnValues[b] }  // + (z w zᵀ)_ab
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
    for theirs in other.runs {
      let keys = theirs.keys.map {
        PairDictionary.translated($0, rowLevelMap, columnLevelMap)
      }
      let blocks =
        size == 1
        ? theirs.blocks : other.arranged(theirs.blocks, rowColumns, columnColumns, like: self)
      append(keys, blocks)
    }
    for run in runs.indices where runs[run].isDueForCompacting {
      runs[run].compact(blockSize: size)
    }
  }

  /// Blocks of this shape with their rows and columns where `target` has them.
  private func arranged(
    _ blocks: [Double], _ rowColumns: [Int], _ columnColumns: [Int], like target: PairProducts
  ) -> [Double] {
    let pairs = blocks.count / size
    var result = [Double](repeating: 0, count: pairs * target.size)
    result.withUnsafeMutableBufferPointer { result in
      for pair in 0..<pairs {
        let (from, to) = (pair * size, pair * target.size)
        for i in rowColumns.indices {
          let line = to + rowColumns[i] * target.columnCapacity
          for j in columnColumns.indices {
            result[line + columnColumns[j]] = blocks[from + i * columnCapacity + j]
          }
        }
      }
    }
    return result
  }

  /// Appends pairs to their runs, in the order of their arrival.
  private mutating func append(_ keys: [UInt64], _ blocks: [Double]) {
    let shift = 32 + rangeBits
    let last = Int((keys.max() ?? 0) >> shift)
    while runs.count <= last { runs.append(PairRun()) }
    var starts = [Int](repeating: 0, count: last + 2)
    for key in keys { starts[Int(key >> shift) + 1] += 1 }
    for run in 0...last { starts[run + 1] += starts[run] }
    var next = starts
    let size = size
    var (ownKeys, ownBlocks) = (keys, blocks)
    for (pair, key) in keys.enumerated() {
      let place = next[Int(key >> shift)]
      next[Int(key >> shift)] += 1
      ownKeys[place] = key
      for k in 0..<size { ownBlocks[place * size + k] = blocks[pair * size + k] }
    }
    for run in 0...last where starts[run] < starts[run + 1] {
      let own = starts[run]..<starts[run + 1]
      runs[run].keys += ownKeys[own]
      runs[run].blocks += ownBlocks[own.lowerBound * size..<own.upperBound * size]
    }
  }

  var isEmpty: Bool { runs.allSatisfy(\.keys.isEmpty) }

  /// Adds the pairs of others with these codes, as zeros.
  mutating func addPattern(of other: PairProducts) {
    for theirs in other.runs where !theirs.keys.isEmpty {
      append(theirs.keys, [Double](repeating: 0, count: theirs.keys.count * size))
    }
    for run in runs.indices where runs[run].isDueForCompacting {
      runs[run].compact(blockSize: size)
    }
  }

  /// Makes room for the columns of other products of the same two groups.
  mutating func adopt(rowCapacity: Int, columnCapacity: Int) { grow(rowCapacity, columnCapacity) }

  private mutating func grow(_ rows: Int, _ columns: Int) {
    guard rows > rowCapacity || columns > columnCapacity else { return }
    let (rows, columns) = (max(rows, rowCapacity), max(columns, columnCapacity))
    for run in runs.indices {
      runs[run].blocks = restrided(
        runs[run].blocks, rows: runs[run].keys.count, from: (rowCapacity, columnCapacity),
        to: (rows, columns))
    }
    (rowCapacity, columnCapacity) = (rows, columns)
  }

  /// All keys and blocks, which are gone here afterwards.
  mutating func takeAll() -> (keys: [UInt64], blocks: [Double]) {
    var all = (keys: [UInt64](), blocks: [Double]())
    all.keys.reserveCapacity(count)
    all.blocks.reserveCapacity(count * size)
    for run in runs.indices {
      all.keys += runs[run].keys
      all.blocks += runs[run].blocks
      runs[run] = PairRun()
    }
    runs = []
    return all
  }

  /// P ↦ rows · P · columnsᵀ for every pair.
  func transformed(rows: DenseMatrix, columns: DenseMatrix) -> PairProducts {
    var result = self
    for run in runs.indices {
      for pair in runs[run].keys.indices {
        let base = pair * size
        var block = DenseMatrix(rows: rows.rows, columns: columns.rows)
        for i in 0..<rows.rows {
          for j in 0..<columns.rows {
            block[i, j] = runs[run].blocks[base + i * columnCapacity + j]
          }
        }
        let new = (rows * block) * columns.transposed
        for i in 0..<rows.rows {
          for j in 0..<columns.rows {
            result.runs[run].blocks[base + i * columnCapacity + j] = new[i, j]
          }
        }
      }
    }
    return result
  }

  /// Sorts the pairs and adds up those that are equal.
  package mutating func compact() {
    for run in runs.indices { runs[run].compact(blockSize: size) }
  }
}
