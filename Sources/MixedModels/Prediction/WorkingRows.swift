// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Turns chunks of rows into the working columns of a model that was fitted to others.
struct WorkingRows: Sendable {
  let design: NewRowDesign
  private let known: KnownLevels

  init(_ products: CrossProducts, _ model: LinearMixedModel, _ design: NewRowDesign) {
    self.design = design
    known = KnownLevels(products, model)
  }

  /// Working columns of one chunk's rows.
  struct Columns: Sendable {
    var rows: NewRows
    /// rows × p; empty unless asked for.
    var x: [Double]
    /// For every group that takes part rows × ℓ, and the level of each row (−1 where there is none,
    /// `KnownCells.new`).
    let z: [[Double]]
    let levels: [[Int32]]
    /// xᵀβ̂ of rows with combinations of levels that X's raw columns do not have.
    var newCombinations: [Int: Double] = [:]
    /// Rows whose xᵀβ cannot be estimated, with the dropped column or the unknown mean because of which.
    private(set) var inestimable: [(row: Int, column: String)]

    fileprivate init(
      rows: NewRows, x: [Double], z: [[Double]], levels: [[Int32]],
      inestimable: [(row: Int, column: String)]
    ) {
      (self.rows, self.x, self.z, self.levels) = (rows, x, z, levels)
      self.inestimable = inestimable
    }

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
    let rows = try NewRows(chunk, design, known, unseen: unseen)
    var z = [[Double]](repeating: [], count: design.groups.count)
    for (g, part) in design.groups.enumerated() {
      if let part { z[g] = rows.columns(part) }
    }
    return Columns(
      rows: rows, x: wantsX ? rows.columns(design.fixed) : [], z: z, levels: rows.levels,
      inestimable: rows.withoutMeans)
  }
}

extension NewRows {
  /// Adds Σ coefficient · column over the raw columns of one part.
  func addProduct(_ part: NewRowDesign.Part, _ coefficients: [Double], to sum: inout [Double]) {
    terms.forEachEntry(part.blocks) { row, raw, value in sum[row] += coefficients[raw] * value }
  }

  /// The part's working columns, rows × size.
  func columns(_ part: NewRowDesign.Part) -> [Double] {
    let size = part.size
    var result = [Double](repeating: 0, count: count * size)
    result.withUnsafeMutableBufferPointer { result in
      part.B.withUnsafeBufferPointer { B in
        terms.forEachEntry(part.blocks) { row, raw, value in
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
    terms.forEachEntry(part.blocks) { row, raw, value in
      for k in 0..<size {
        let term = part.B[raw * size + k] * value
        values[row * size + k] += term
        sizes[row * size + k] += abs(term)
      }
    }
    return (values, sizes)
  }
}
