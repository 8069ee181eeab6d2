// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// The rows of one chunk as the sums of patterns take them: who, when, and [y X] in raw columns, times
/// the root of the weight.
struct VisitRows: Sendable {
  let count: Int
  /// Of every row in the chunk's own codes; arms are 0 without any.
  let subjects: [Int32]
  let visits: [Int32]
  let arms: [Int32]
  /// Entries of [y X] per row.
  let width: Int
  /// Rows × width, in the chunk's columns.
  let columns: [Int32]
  let values: [Double]
  let place: RowBlockPlace

  /// - Parameter products: Those of the same rows, whose columns these are.
  init(_ rows: RowBlock, _ residual: BoundResidual, _ products: CrossProducts) {
    count = rows.count
    subjects = rows.cells[residual.subjectCells]
    visits = rows.cells[residual.visitCells]
    arms = residual.armCells.map { rows.cells[$0] } ?? Array(repeating: 0, count: rows.count)
    place = rows.place
    let panel = rows.panel(
      products.basis.fixed, products.fixed.directory, response: rows.response)
    width = panel.width
    var columns = [Int32](repeating: 0, count: count * panel.width)
    var values = panel.values
    panel.withRows { table in
      for row in 0..<rows.count {
        let (index, _) = table.row(row)
        let root = rows.weights[row].squareRoot()
        for k in 0..<panel.width {
          columns[row * panel.width + k] = Int32(index[k])
          values[row * panel.width + k] *= root
        }
      }
    }
    (self.columns, self.values) = (columns, values)
  }
}

/// The rows of one subject so far.
struct SubjectRows {
  var arm: Int32
  /// In the codes and columns of all rows.
  var visits: [Int32] = []
  var columns: [Int32] = []
  var values: [Double] = []
  /// Where each stands: the chunk, and the row in it.
  var places: [RowKey] = []

  /// Bytes of these rows, about.
  static func bytes(width: Int) -> Int { 12 * width + 12 + 24 }
}
