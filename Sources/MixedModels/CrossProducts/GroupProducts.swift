// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// ZⱼᵀWZⱼ and ZⱼᵀW[y X] for every level j of one grouping factor, in raw columns.
package struct GroupProducts: Sendable {
  package private(set) var directory: ColumnDirectory
  package private(set) var levelCount = 0
  /// Rows and columns that a level has room for: ℓ × (ℓ + columns of [y X]).
  package private(set) var zCapacity: Int
  package private(set) var xCapacity: Int
  /// Level after level, row-major ℓ × (ℓ + x): entry (i, j) of Z'Z at j < zCapacity, of Z'[y X] behind it.
  package private(set) var blocks: [Double] = []

  package init(_ columns: [ColumnBlock]) {
    directory = ColumnDirectory(columns)
    zCapacity = directory.count
    xCapacity = 0
  }

  package var stride: Int { zCapacity * (zCapacity + xCapacity) }

  /// Makes room for a chunk's cells and levels, all zero.
  package mutating func allocate(
    _ columns: [ColumnBlock], counts: [Int], levels: Int, xCount: Int
  ) {
    for (b, block) in columns.enumerated() {
      guard let cellSet = block.cellSet else { continue }
      for cell in 0..<counts[cellSet] { _ = directory.add(block: b, cell: Int32(cell)) }
    }
    grow(levels: levels, xCount: xCount)
  }

  private mutating func grow(levels: Int, xCount: Int) {
    if directory.count > zCapacity || xCount > xCapacity {
      // Columns turn up one by one: doubling keeps the copying linear. The first size is exact.
      let z = directory.count > zCapacity ? max(directory.count, levelCount == 0 ? 0 : 2 * zCapacity) : zCapacity
      let x = xCount > xCapacity ? max(xCount, levelCount == 0 ? 0 : xCapacity * 3 / 2) : xCapacity
      var wider = [Double](repeating: 0, count: levelCount * z * (z + x))
      for level in 0..<levelCount {
        for i in 0..<zCapacity {
          let source = level * stride + i * (zCapacity + xCapacity)
          let target = level * z * (z + x) + i * (z + x)
          for j in 0..<zCapacity { wider[target + j] = blocks[source + j] }
          for j in 0..<xCapacity { wider[target + z + j] = blocks[source + zCapacity + j] }
        }
      }
      (blocks, zCapacity, xCapacity) = (wider, z, x)
    }
    if levels > levelCount {
      blocks.append(contentsOf: repeatElement(0, count: (levels - levelCount) * stride))
      levelCount = levels
    }
  }

  /// Adds rows: `level` per row, Z and [y X] as sparse rows, `w` the prior weights.
  package mutating func accumulate(level: [Int32], z: SparsePanel, x: SparsePanel, w: [Double]) {
    let (stride, width, zCapacity) = (stride, zCapacity + xCapacity, zCapacity)
    blocks.withUnsafeMutableBufferPointer { blocks in
      for row in level.indices {
        let base = Int(level[row]) * stride
        for a in row * z.width..<(row + 1) * z.width {
          let wz = w[row] * z.value[a]
          let line = base + Int(z.index[a]) * width
          for b in row * z.width..<(row + 1) * z.width {
            blocks[line + Int(z.index[b])] += wz * z.value[b]
          }
          for b in row * x.width..<(row + 1) * x.width {
            blocks[line + zCapacity + Int(x.index[b])] += wz * x.value[b]
          }
        }
      }
    }
  }

  /// - Returns: the column here of every column there.
  package mutating func merge(
    _ other: GroupProducts, columns: [ColumnBlock], levels: [Int32], levelCount: Int, maps: [[Int32]],
    xColumns: [Int], xCount: Int
  ) -> [Int] {
    let zColumns = directory.merge(other.directory, blocks: columns, maps: maps)
    grow(levels: levelCount, xCount: xCount)
    let (stride, width, zCapacity) = (stride, zCapacity + xCapacity, zCapacity)
    let theirWidth = other.zCapacity + other.xCapacity
    let theirZ = other.directory.count
    blocks.withUnsafeMutableBufferPointer { blocks in
      for level in 0..<other.levelCount {
        let base = Int(levels[level]) * stride
        for i in 0..<theirZ {
          let source = level * other.stride + i * theirWidth
          let target = base + zColumns[i] * width
          for j in 0..<theirZ { blocks[target + zColumns[j]] += other.blocks[source + j] }
          for j in xColumns.indices {
            blocks[target + zCapacity + xColumns[j]] += other.blocks[source + other.zCapacity + j]
          }
        }
      }
    }
    return zColumns
  }
}

extension GroupProducts {
  /// Z'Z ↦ z · Z'Z · zᵀ and Z'[y X] ↦ z · Z'[y X] · xᵀ for every level.
  func transformed(z: DenseMatrix, x: DenseMatrix) -> GroupProducts {
    var result = self
    let width = zCapacity + xCapacity
    for level in 0..<levelCount {
      var zz = DenseMatrix(rows: z.rows, columns: z.rows)
      var zx = DenseMatrix(rows: z.rows, columns: x.rows)
      for i in 0..<z.rows {
        let line = level * stride + i * width
        for j in 0..<z.rows { zz[i, j] = blocks[line + j] }
        for j in 0..<x.rows { zx[i, j] = blocks[line + zCapacity + j] }
      }
      let (newZZ, newZX) = ((z * zz) * z.transposed, (z * zx) * x.transposed)
      for i in 0..<z.rows {
        let line = level * stride + i * width
        for j in 0..<z.rows { result.blocks[line + j] = newZZ[i, j] }
        for j in 0..<x.rows { result.blocks[line + zCapacity + j] = newZX[i, j] }
      }
    }
    return result
  }
}

/// Rows with the same number of nonzeros: `index` and `value` are rows × width, row-major.
package struct SparsePanel: Sendable {
  package var width: Int
  package var index: [Int32]
  package var value: [Double]
}
