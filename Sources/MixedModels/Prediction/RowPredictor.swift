// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// Turns chunks of rows into predictions, several at a time.
struct RowPredictor: Sendable {
  let working: WorkingRows
  private let predictor: LinearPredictor
  private let options: PredictionOptions
  /// Of the raw columns, per group and level: the selected part of b.
  private let modes: [[Double]]
  /// Of the levels of absorbed factors.
  private let absorbed: [[Double]]
  private let errors: PredictionErrors?
  private let population: PopulationErrors?
  private let estimability: Estimability

  /// - Parameter weights: prior weights that the rows have.
  /// - Throws: `FormulaError`, `InferenceError`, `CholmodError`.
  init(_ predictor: LinearPredictor, _ options: PredictionOptions, weights: Expression?) throws {
    (self.predictor, self.options) = (predictor, options)
    let model = predictor.model
    let selection = try RandomSelection(options.random, model, predictor.builder)
    let isSelected = selection.columns.map { $0.contains(true) }
    // What is dropped beside absorbed factors is a combination of them: their levels say what it was.
    let rests =
      model.fixedLevels == nil ? try DroppedRests(predictor.fitted, predictor.builder) : .none(model)
    absorbed = predictor.fitted.optimum.estimates.fixedLevelEffects
    estimability = try Estimability(predictor, rests)
    let hasDropped = model.fixed.kept.count < model.fixed.names.count
    working = WorkingRows(
      predictor.products, model,
      NewRowDesign(
        predictor.products, model, hasDropped ? rests : nil, groups: isSelected, needsResponse: options.wantsResiduals,
        offset: options.offset, weights: weights,
        strata: options.wantsRowVariances
          ? try predictor.fitted.varianceWeights()
          : options.wantsResiduals ? model.stratumWeights(predictor.φ) : nil,
        residual: options.wantsCorrelations ? ResidualColumns(predictor.products) : nil))
    let projections = model.covariance.projections(selection.columns)
    modes = model.groups.indices.map { g in
      isSelected[g]
        ? Self.projected(
          predictor.modes[model.source(of: g)], projections[model.source(of: g)],
          size: model.groups[g].size) : []
    }
    population =
      options.degreesOfFreedom == .none
      ? nil : try PopulationErrors(predictor, options.degreesOfFreedom, options.random)
    errors =
      options.wantsStandardErrors && population == nil
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

  /// - Throws: `RowError`.
  func columns(_ chunk: TableChunk, wantsX: Bool) throws -> WorkingRows.Columns {
    var columns = try working.columns(
      chunk, unseen: options.allowsNewLevels ? .allowedInGroups : .refused, wantsX: wantsX)
    estimability.apply(to: &columns, working.design)
    return columns
  }

  /// Xβ̂ + offset, NaN where something is missing or cannot be estimated.
  func fixed(_ columns: WorkingRows.Columns) -> [Double] {
    let rows = columns.rows
    var fixed = rows.offset
    rows.addProduct(working.design.fixed, predictor.fixedPart, to: &fixed)
    for (row, value) in columns.newCombinations { fixed[row] = rows.offset[row] + value }
    for (k, effects) in absorbed.enumerated() {
      let g = columns.levels.count - absorbed.count + k
      for (row, level) in columns.levels[g].enumerated() where level >= 0 {
        fixed[row] += columns.z[g][row] * effects[Int(level)]
      }
    }
    for row in fixed.indices where !rows.isComplete[row] { fixed[row] = .nan }
    return fixed
  }

  /// - Throws: `RowError`, `CholmodError`.
  func callAsFunction(_ chunk: TableChunk) throws -> PredictedRows { try predicted(chunk).predicted }

  /// With the rows themselves.
  ///
  /// - Throws: `RowError`, `CholmodError`.
  func predicted(_ chunk: TableChunk) throws -> (predicted: PredictedRows, rows: NewRows) {
    let columns = try columns(chunk, wantsX: errors != nil || population != nil)
    let rows = columns.rows
    let fixed = fixed(columns)
    var fitted = fixed
    for (g, part) in working.design.groups.dropLast(absorbed.count).enumerated() {
      guard let part else { continue }
      let ℓ = part.size
      for (row, level) in columns.levels[g].enumerated() where level >= 0 {
        for k in 0..<ℓ { fitted[row] += columns.z[g][row * ℓ + k] * modes[g][Int(level) * ℓ + k] }
      }
    }
    for row in fitted.indices where !rows.isComplete[row] { fitted[row] = .nan }
    var result = PredictedRows(fitted: fitted, fixed: fixed, weights: rows.weights)
    result.inestimable = columns.inestimable
    if options.wantsResiduals { result.residuals = zip(rows.response, fitted).map { $0 - $1 } }
    if let errors { result.relativeVariance = try errors.variances(columns) }
    if let population {
      (result.relativeVariance, result.degreesOfFreedom) = try population(columns)
    }
    return (result, rows)
  }
}
