// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// What the kept columns leave of those that were dropped, as combinations of raw columns: zero in every
/// row of the fit.
struct DroppedRests {
  /// A row may be off by this part of the raw columns' sizes: what was dropped as a combination of others
  /// is one to about 1e-7 of its spread.
  static let tolerance = 1e-4

  let names: [String]
  /// Raw × `names.count`.
  let matrix: DenseMatrix

  /// Without columns that are combinations of the kept ones whatever the rows, such as those of cells
  /// that do not occur.
  ///
  /// - Throws: `FitError`.
  init(_ fitted: FittedModel, _ builder: DesignBuilder) throws {
    let (products, fixed) = (fitted.products, fitted.model.fixed)
    let design = try builder.columns(
      products.specification.fixed, blocks: products.basis.fixed,
      directory: products.fixed.directory)
    let coordinates = try fitted.fixedColumns(.fitted).coordinates
    var (names, storage) = ([String](), [Double]())
    for j in Set(design.names.indices).subtracting(fixed.kept).sorted() {
      var rest = (fixed.B * coordinates.column(j)).map { -$0 }
      let size = rest.reduce(0) { max($0, abs($1)) }
      for (raw, value) in design.combinations[j] { rest[raw - 1] += value }
      guard rest.contains(where: { abs($0) > 1e-10 * max(size, 1e-300) }) else { continue }
      names.append(design.names[j])
      storage += rest
    }
    self.init(
      names: names, rows: fixed.B.rows, storage)
  }

  private init(names: [String], rows: Int, _ storage: [Double]) {
    self.names = names
    matrix = DenseMatrix(rows: rows, columns: names.count, storage: storage)
  }

  /// For a model whose dropped columns do not matter.
  static func none(_ model: LinearMixedModel) -> DroppedRests {
    DroppedRests(names: [], rows: model.fixed.B.rows, [])
  }
}
