// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension RandomEffectsGroup {
  /// Maps one group's blocks to working coordinates, levels in R's order.
  init(_ raw: GroupProducts, levels: GroupLevels, B: DenseMatrix, fixed: FixedAssembly) {
    let size = B.columns
    let rawSize = raw.directory.count
    let X = fixed.coordinates.B
    let p = X.columns
    let rawX = fixed.removed.count
    let width = raw.zCapacity + raw.xCapacity
    var zz = [Double](repeating: 0, count: levels.labels.count * size * size)
    var zx = [Double](repeating: 0, count: levels.labels.count * size * (p + 1))
    var half = [Double](repeating: 0, count: rawSize * max(size, p + 1))  // raw × …, column-major
    for level in 0..<raw.levelCount {
      let base = level * raw.stride
      for j in 0..<size {
        for i in 0..<rawSize {
          var sum = 0.0
          for k in 0..<rawSize { sum += raw.blocks[base + i * width + k] * B[k, j] }
          half[j * rawSize + i] = sum
        }
      }
      let zzBase = levels.rank[level] * size * size
      for j in 0..<size {
        for i in 0..<size {
          for k in 0..<rawSize { zz[zzBase + j * size + i] += B[k, i] * half[j * rawSize + k] }
        }
      }
      for i in 0..<rawSize {
        let line = base + i * width + raw.zCapacity  // of [y X]
        for j in 0..<p {
          var sum = 0.0
          for k in 0..<rawX { sum += raw.blocks[line + 1 + k] * X[k, j] }
          half[j * rawSize + i] = sum
        }
        var y = raw.blocks[line]
        for k in 0..<rawX { y -= raw.blocks[line + 1 + k] * fixed.removed[k] }
        half[p * rawSize + i] = y
      }
      let zxBase = levels.rank[level] * size * (p + 1)
      for j in 0...p {
        for i in 0..<size {
          for k in 0..<rawSize { zx[zxBase + j * size + i] += B[k, i] * half[j * rawSize + k] }
        }
      }
    }
    self.init(
      size: size, levels: levels.labels, zz: zz, zx: zx, rank: levels.rank, B: B)
  }
}

extension CoOccurrence {
  /// Maps the pairs of two groups to working coordinates and sorts them by level.
  init(_ raw: PairProducts, rowGroup g: Int, columnGroup h: Int, groups: [RandomEffectsGroup]) {
    let (row, column) = (groups[g], groups[h])
    let (m, n) = (row.size, column.size)
    let keys = (0..<raw.count).map { pair in
      (row.rank[Int(raw.rowLevels[pair])], column.rank[Int(raw.columnLevels[pair])])
    }
    let order = keys.indices.sorted { (keys[$0].0, keys[$0].1, $0) < (keys[$1].0, keys[$1].1, $1) }
    var rowLevels: [Int32] = []
    var columnLevels: [Int32] = []
    var blocks: [Double] = []
    blocks.reserveCapacity(raw.count * m * n)
    var half = [Double](repeating: 0, count: row.B.rows * n)
    for (position, pair) in order.enumerated() {
      let base = pair * raw.rowCapacity * raw.columnCapacity
      for j in 0..<n {
        for i in 0..<row.B.rows {
          var sum = 0.0
          for k in 0..<column.B.rows {
            sum += raw.blocks[base + i * raw.columnCapacity + k] * column.B[k, j]
          }
          half[j * row.B.rows + i] = sum
        }
      }
      if position == 0 || keys[order[position - 1]] != keys[pair] {
        rowLevels.append(Int32(keys[pair].0))
        columnLevels.append(Int32(keys[pair].1))
        blocks.append(contentsOf: repeatElement(0, count: m * n))
      }
      let target = blocks.count - m * n
      for j in 0..<n {
        for i in 0..<m {
          for k in 0..<row.B.rows {
            blocks[target + j * m + i] += row.B[k, i] * half[j * row.B.rows + k]
          }
        }
      }
    }
    self.init(
      rowGroup: g, columnGroup: h, rowLevels: rowLevels, columnLevels: columnLevels, blocks: blocks)
  }
}
