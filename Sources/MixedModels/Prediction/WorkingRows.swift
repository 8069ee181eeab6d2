// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Turns chunks of rows into the working columns of a model that was fitted to others.
struct WorkingRows: Sendable {
  let design: NewRowDesign
  private let levels: FittedLevels
  /// For every group cell → level.
  private let ranks: [[Int]]

  init(_ products: CrossProducts, _ model: LinearMixedModel, _ design: NewRowDesign) {
    self.design = design
    levels = FittedLevels(products, design)
    ranks = model.groups.map(\.rank)
  }

  /// Working columns of one chunk's rows.
  struct Columns: Sendable {
    var rows: NewRows
    /// rows × p; empty unless asked for.
    var x: [Double]
    /// For every group that takes part rows × ℓ, and the level of each row (−1 where there is none,
    /// `NewRows.newLevel`).
    let z: [[Double]]
    let levels: [[Int32]]
    /// xᵀβ̂ of rows with combinations of levels that X's raw columns do not have.
    var newCombinations: [Int: Double] = [:]
    /// Rows whose xᵀβ cannot be estimated, with the dropped column because of which.
    private(set) var inestimable: [(row: Int, column: String)] = []

    /// Has no prediction made of a row.
    mutating func takeOut(_ row: Int, _ column: String) {
      guard rows.isComplete[row] else { return }
      rows.isComplete[row] = false
      inestimable.append((row, column))
    }
  }

  /// - Throws: `RowError`.
  func columns(
    _ chunk: TableChunk, unseen: NewRows.Unseen, wantsX: Bool
  ) throws -> Columns {
    let rows = try NewRows(chunk, design, levels, unseen: unseen)
    var z = [[Double]](repeating: [], count: design.groups.count)
    var rowLevels = [[Int32]](repeating: [], count: design.groups.count)
    for (g, part) in design.groups.enumerated() {
      guard let part else { continue }
      z[g] = rows.columns(part)
      rowLevels[g] = rows.cells[design.basis.groups[g].cellSet].map {
        $0 < 0 ? $0 : Int32(ranks[g][Int($0)])
      }
    }
    return Columns(
      rows: rows, x: wantsX ? rows.columns(design.fixed) : [], z: z, levels: rowLevels)
  }
}

extension NewRows {
  /// Adds Σ coefficient · column over the raw columns of one part.
  func addProduct(_ part: NewRowDesign.Part, _ coefficients: [Double], to sum: inout [Double]) {
    forEachColumn(part) { row, raw, value in sum[row] += coefficients[raw] * value }
  }

  /// The part's working columns, rows × size.
  func columns(_ part: NewRowDesign.Part) -> [Double] {
    let size = part.size
    var result = [Double](repeating: 0, count: count * size)
    result.withUnsafeMutableBufferPointer { result in
      part.B.withUnsafeBufferPointer { B in
        forEachColumn(part) { row, raw, value in
          for k in 0..<size { result[row * size + k] += B[raw * size + k] * value }
        }
      }
    }
    return result
  }

  /// The same, and the sums of the terms' sizes.
  func columnsAndSizes(_ part: NewRowDesign.Part) -> (values: [Double], sizes: [Double]) {
    let size = part.size
    var values = [Double](repeating: 0, count: count * size)
    var sizes = values
    forEachColumn(part) { row, raw, value in
      for k in 0..<size {
        let term = part.B[raw * size + k] * value
        values[row * size + k] += term
        sizes[row * size + k] += abs(term)
      }
    }
    return (values, sizes)
  }

  /// Rows with a cell that is not there are left out.
  @inline(__always)
  private func forEachColumn(
    _ part: NewRowDesign.Part, _ body: (_ row: Int, _ raw: Int, _ value: Double) -> Void
  ) {
    for block in part.blocks {
      for (offset, monomial) in block.monomials {
        let column = RowBlock.values(of: monomial, polynomials, count: count)
        guard let set = block.cellSet else {
          let raw = Int(block.starts[0]) + offset
          for row in 0..<count { body(row, raw, column[row]) }
          continue
        }
        let cells = cells[set]
        for row in 0..<count where cells[row] >= 0 {
          let start = block.starts[Int(cells[row])]
          if start >= 0 { body(row, Int(start) + offset, column[row]) }
        }
      }
    }
  }
}
