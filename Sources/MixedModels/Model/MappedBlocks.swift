// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension RandomEffectsGroup {
  /// Tᵀ(ZᵀWZ)T and TᵀZᵀW[X y] of every level.
  func mapped(by T: DenseMatrix, tail: Int) -> RandomEffectsGroup {
    guard T != .identity(size) else { return self }
    let k = T.columns
    var (newZZ, newZX): ([Double], [Double]) = ([], [])
    newZZ.reserveCapacity(levelCount * k * k)
    newZX.reserveCapacity(levelCount * k * tail)
    for level in 0..<levelCount {
      let block = transformed(zz, at: level * size * size, rows: size, columns: size, T, T)
      newZZ += block
      let identity: DenseMatrix? = nil
      newZX += transformed(zx, at: level * size * tail, rows: size, columns: tail, T, identity)
    }
    return RandomEffectsGroup(size: k, levels: levels, zz: newZZ, zx: newZX, rank: rank, B: B * T,
      precision: precision)
  }
}

extension CoOccurrence {
  func mapped(
    by left: DenseMatrix, _ right: DenseMatrix, groups: (row: Int, column: Int)
  ) -> CoOccurrence {
    var new: [Double] = []
    new.reserveCapacity(rowLevels.count * left.columns * right.columns)
    for pair in rowLevels.indices {
      new += transformed(
        blocks, at: pair * left.rows * right.rows, rows: left.rows, columns: right.rows, left,
        right)
    }
    return CoOccurrence(
      rowGroup: groups.row, columnGroup: groups.column, rowLevels: rowLevels,
      columnLevels: columnLevels, blocks: new)
  }
}

/// leftᵀ a right for the block of `values` that begins at `start`, by columns; nil: identity.
private func transformed(
  _ values: [Double], at start: Int, rows: Int, columns: Int, _ left: DenseMatrix,
  _ right: DenseMatrix?
) -> [Double] {
  var half = [Double](repeating: 0, count: left.columns * columns)
  for c in 0..<columns {
    for i in 0..<left.columns {
      for k in 0..<rows {
        half[c * left.columns + i] += left.storage[i * rows + k] * values[start + c * rows + k]
      }
    }
  }
  guard let right else { return half }
  var result = [Double](repeating: 0, count: left.columns * right.columns)
  for j in 0..<right.columns {
    for c in 0..<columns {
      let factor = right.storage[j * columns + c]
      for i in 0..<left.columns {
        result[j * left.columns + i] += factor * half[c * left.columns + i]
      }
    }
  }
  return result
}
