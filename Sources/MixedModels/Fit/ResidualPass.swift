// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// A second pass over the rows: fitted values and residuals, chunk by chunk.
package struct ResidualPass {
  private let reading: ModelReading
  private let predictor: FittedPredictor
  private let sigma: Double

  init(
    _ reading: ModelReading, _ products: CrossProducts, _ model: LinearMixedModel,
    _ estimates: Estimates, strata: StratumWeights?, sigma: Double? = nil
  ) {
    (self.reading, self.sigma) = (reading, sigma ?? estimates.sigma)
    predictor = FittedPredictor(products, model, estimates, strata)
  }

  /// The complete rows of one chunk.
  package struct Rows: Sendable {
    /// Xβ + Zb + offset
    package var fitted: [Double]
    /// Xβ + offset
    package var fixed: [Double]
    /// y − fitted
    package var residuals: [Double]
    /// Prior weights, times (σ/σ_s)² of a row's residual stratum.
    package var weights: [Double]
  }

  /// - Throws: `DataError`; `FitError` if the data changed since they were fitted.
  package func forEach(_ body: (Rows) throws -> Void) throws {
    try forEach(with: { _, _ in () }) { rows, _ in try body(rows) }
  }

  /// The same together with what `also` makes of a chunk's rows and of their cells' codes, in
  /// parallel.
  package func forEach<Also: Sendable>(
    with also: @Sendable (RowBlock, _ codes: [[Int32]]) -> Also,
    _ body: (Rows, Also) throws -> Void
  ) throws {
    try reading.forEachBlockAgain(
      { [predictor] block in
        let (rows, codes) = try predictor(block)
        return (rows, also(block, codes))
      }, consume: { (part: (Rows, Also)) in try body(part.0, part.1) })
  }

  /// Minimum, quartiles and maximum of √w (y − fitted) / σ.
  package func scaledQuantiles() throws -> ResidualQuantiles {
    var quantiles = StreamingQuantiles()
    try forEach { rows in
      for (residual, w) in zip(rows.residuals, rows.weights) {
        quantiles.add(residual * w.squareRoot() / sigma)
      }
    }
    return ResidualQuantiles(values: quantiles.quantiles([0, 0.25, 0.5, 0.75, 1]))
  }
}

/// Fitted values of rows that the fit has seen.
private struct FittedPredictor: Sendable {
  private let cells: KnownCells
  /// Of X, with the coefficient of every raw column.
  private let fixed: (columns: [RawColumns], coefficients: [Double])
  private let groups: [Group]
  /// The columns of absorbed factors, with their levels' effects.
  private let absorbed: [Group]
  private let strata: StratumWeights?

  /// Z of a group, with b of its raw columns, level after level.
  private struct Group: Sendable {
    let columns: [RawColumns]
    let modes: [Double]
    let size: Int
    let cellSet: Int
    /// Cell → level.
    let rank: [Int]

    func add(_ terms: RowTerms, _ codes: [[Int32]], to sum: inout [Double]) {
      let level = codes[cellSet].map { rank[Int($0)] }
      terms.forEachEntry(columns) { row, column, value in
        sum[row] += modes[level[row] * size + column] * value
      }
    }
  }

  init(
    _ products: CrossProducts, _ model: LinearMixedModel, _ estimates: Estimates,
    _ strata: StratumWeights?
  ) {
    self.strata = strata
    let basis = products.basis
    cells = KnownCells(products.basis.cellSets, products.cellSets)
    fixed = (
      RawColumns.all(basis.fixed, products.fixed.directory, first: 1), estimates.rawCoefficients
    )
    absorbed = zip(model.fixedLevels?.factors ?? [], estimates.fixedLevelEffects).enumerated().map {
      k, factor in
      let g = model.groups.count + k
      return Group(
        columns: RawColumns.all(basis.groups[g].blocks, products.groups[g].directory),
        modes: factor.1.flatMap { effect in factor.0.B.storage.map { effect * $0 } }, size: factor.0.B.rows, cellSet: basis.groups[g].cellSet, rank: factor.0.rank)
    }
    groups = estimates.rawModes(model).enumerated().map { g, modes in
      Group(
        columns: RawColumns.all(basis.groups[g].blocks, products.groups[g].directory),
        modes: modes, size: model.groups[g].B.rows, cellSet: basis.groups[g].cellSet,
        rank: model.groups[g].rank)
    }
  }

  /// - Throws: `FitError` for a cell that was not there when the cross-products were made.
  func callAsFunction(
    _ block: RowBlock
  ) throws -> (rows: ResidualPass.Rows, codes: [[Int32]]) {
    let codes = cells.codes(of: block.found)
    guard !codes.contains(where: { $0.contains(KnownCells.new) }) else {
      throw FitError.numerical("the data changed while they were read a second time")
    }
    let terms = RowTerms(count: block.count, polynomials: block.polynomials, cells: codes)
    var fixed = block.offset
    terms.forEachEntry(self.fixed.columns) { row, column, value in
      fixed[row] += self.fixed.coefficients[column] * value
    }
    for factor in absorbed { factor.add(terms, codes, to: &fixed) }
    var fitted = fixed
    for group in groups { group.add(terms, codes, to: &fitted) }
    let residuals = fitted.indices.map { block.rawResponse[$0] + block.offset[$0] - fitted[$0] }
    let weights = strata.map { strata in
      zip(block.weights, strata(codes)).map { $0 * $1 }
    }
    return (
      ResidualPass.Rows(
        fitted: fitted, fixed: fixed, residuals: residuals, weights: weights ?? block.weights), codes
    )
  }
}
