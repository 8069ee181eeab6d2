// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension GroupProducts {
  /// Z'Z ↦ z · Z'Z · zᵀ and Z'[y X] ↦ z · Z'[y X] · xᵀ for every level.
  func transformed(z: DenseMatrix, x: DenseMatrix) -> GroupProducts {
    var result = self
    result.blocks = LevelBlocks(stride: stride)
    result.blocks.reserve(levelCount)
    let pages = result.blocks.addresses
    let width = zCapacity + xCapacity
    for page in 0..<pageCount {
      forEachLevel(ofPage: page) { level, block in
        let (page, offset) = result.blocks.place(of: level)
        let target = pages[page]! + offset
        var zz = DenseMatrix(rows: z.rows, columns: z.rows)
        var zx = DenseMatrix(rows: z.rows, columns: x.rows)
        for i in 0..<z.rows {
          for j in 0..<z.rows { zz[i, j] = block[i * width + j] }
          for j in 0..<x.rows { zx[i, j] = block[i * width + zCapacity + j] }
        }
        let (newZZ, newZX) = ((z * zz) * z.transposed, (z * zx) * x.transposed)
        for i in 0..<z.rows {
          for j in 0..<z.rows { target[i * width + j] = newZZ[i, j] }
          for j in 0..<x.rows { target[i * width + zCapacity + j] = newZX[i, j] }
        }
      }
    }
    return result
  }
}
