// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Turns chunks of rows into predictions, several at a time.
struct RowPredictor: Sendable {
  let design: NewRowDesign
  let levels: FittedLevels
  private let predictor: LinearPredictor
  private let options: PredictionOptions
  /// Of the raw columns, per group and level: the selected part of b.
  private let modes: [[Double]]
  private let errors: PredictionErrors?

  /// - Parameter weights: the column of prior weights that the rows have.
  /// - Throws: `FormulaError`, `InferenceError`, `CholmodError`.
  init(_ predictor: LinearPredictor, _ options: PredictionOptions, weights: String?) throws {
    (self.predictor, self.options) = (predictor, options)
    let model = predictor.model
    let selection = try RandomSelection(options.random, model, predictor.builder)
    let isSelected = selection.columns.map { $0.contains(true) }
    design = NewRowDesign(
      predictor.products, model, groups: isSelected, needsResponse: options.wantsResiduals,
      offset: options.offset, weights: weights)
    levels = FittedLevels(predictor.products, design)
    let projections = model.covariance.projections(selection.columns)
    modes = model.groups.indices.map { g in
      isSelected[g]
        ? Self.projected(predictor.modes[g], projections[g], size: model.groups[g].size) : []
    }
    errors =
      options.wantsStandardErrors
      ? try PredictionErrors(predictor, projections, groups: isSelected) : nil
  }

  /// Pb, level after level.
  private static func projected(_ b: [Double], _ P: [Double], size ℓ: Int) -> [Double] {
    var result = [Double](repeating: 0, count: b.count)
    for base in stride(from: 0, to: b.count, by: ℓ) {
      for j in 0..<ℓ { for i in 0..<ℓ { result[base + i] += P[j * ℓ + i] * b[base + j] } }
    }
    return result
  }

  /// Working columns of one chunk's rows.
  struct Columns {
    let rows: NewRows
    /// rows × p; empty unless asked for.
    let x: [Double]
    /// For every group that takes part rows × ℓ, and the level of each row (−1 where there is none,
    /// `NewRows.newLevel`).
    let z: [[Double]]
    let levels: [[Int32]]
  }

  /// - Throws: `RowError`.
  func columns(_ chunk: TableChunk, wantsX: Bool) throws -> Columns {
    let rows = try NewRows(chunk, design, levels, allowsNewLevels: options.allowsNewLevels)
    var z = [[Double]](repeating: [], count: design.groups.count)
    var rowLevels = [[Int32]](repeating: [], count: design.groups.count)
    for (g, part) in design.groups.enumerated() {
      guard let part else { continue }
      z[g] = rows.columns(part)
      let rank = predictor.model.groups[g].rank
      rowLevels[g] = rows.cells[design.basis.groups[g].cellSet].map {
        $0 < 0 ? $0 : Int32(rank[Int($0)])
      }
    }
    return Columns(
      rows: rows, x: wantsX ? rows.columns(design.fixed) : [], z: z, levels: rowLevels)
  }

  /// Xβ̂ + offset, NaN where something is missing.
  func fixed(_ rows: NewRows) -> [Double] {
    var fixed = rows.offset
    rows.addProduct(design.fixed, predictor.fixedPart, to: &fixed)
    for row in fixed.indices where !rows.isComplete[row] { fixed[row] = .nan }
    return fixed
  }

  /// - Throws: `RowError`, `CholmodError`.
  func callAsFunction(_ chunk: TableChunk) throws -> PredictedRows {
    let columns = try columns(chunk, wantsX: errors != nil)
    let rows = columns.rows
    let fixed = fixed(rows)
    var fitted = fixed
    for (g, part) in design.groups.enumerated() {
      guard let part else { continue }
      let ℓ = part.size
      for (row, level) in columns.levels[g].enumerated() where level >= 0 {
        for k in 0..<ℓ { fitted[row] += columns.z[g][row * ℓ + k] * modes[g][Int(level) * ℓ + k] }
      }
    }
    for row in fitted.indices where !rows.isComplete[row] { fitted[row] = .nan }
    var result = PredictedRows(fitted: fitted, fixed: fixed, weights: rows.weights)
    if options.wantsResiduals { result.residuals = zip(rows.response, fitted).map { $0 - $1 } }
    if let errors { result.relativeVariance = try errors.variances(columns) }
    return result
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
