// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// A second pass over the rows: fitted values and residuals, chunk by chunk.
package struct ResidualPass {
  private let reading: ModelReading
  private let products: CrossProducts
  private let model: LinearMixedModel
  private let estimates: Estimates
  private let rawModes: [[Double]]

  init(
    _ reading: ModelReading, _ products: CrossProducts, _ model: LinearMixedModel,
    _ estimates: Estimates
  ) {
    (self.reading, self.products, self.model, self.estimates) = (
      reading, products, model, estimates
    )
    rawModes = estimates.rawModes(model)
  }

  /// The complete rows of one chunk.
  package struct Rows: Sendable {
    /// Xβ + Zb + offset
    package var fitted: [Double]
    /// Xβ + offset
    package var fixed: [Double]
    /// y − fitted
    package var residuals: [Double]
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
      { [products, model, estimates, rawModes] block in
        let codes = try products.codes(of: block)
        let rows = Self.rows(block, codes, products, model, estimates, rawModes)
        return (rows, also(block, codes))
      }, consume: { (part: (Rows, Also)) in try body(part.0, part.1) })
  }

  private static func rows(
    _ block: RowBlock, _ codes: [[Int32]], _ products: CrossProducts, _ model: LinearMixedModel,
    _ estimates: Estimates, _ rawModes: [[Double]]
  ) -> Rows {
    let basis = products.basis
    var fixed = block.offset
    block.addPredictor(
      basis.fixed, products.fixed.directory, codes, to: &fixed
    ) { _, column in estimates.rawCoefficients[column - 1] }
    var fitted = fixed
    for g in model.groups.indices {
      let modes = rawModes[g]
      let size = model.groups[g].B.rows
      let rank = model.groups[g].rank
      let level = codes[basis.groups[g].cellSet].map { rank[Int($0)] }
      block.addPredictor(
        basis.groups[g].blocks, products.groups[g].directory, codes, to: &fitted
      ) { row, column in modes[level[row] * size + column] }
    }
    let residuals = fitted.indices.map { block.rawResponse[$0] + block.offset[$0] - fitted[$0] }
    return Rows(fitted: fitted, fixed: fixed, residuals: residuals, weights: block.weights)
  }

  /// Minimum, quartiles and maximum of √w (y − fitted) / σ.
  package func scaledQuantiles() throws -> ResidualQuantiles {
    var quantiles = StreamingQuantiles()
    try forEach { rows in
      for (residual, w) in zip(rows.residuals, rows.weights) {
        quantiles.add(residual * w.squareRoot() / estimates.sigma)
      }
    }
    return ResidualQuantiles(values: [0, 0.25, 0.5, 0.75, 1].map { quantiles.quantile($0) })
  }
}

extension CrossProducts {
  /// The codes here of a block's cells, for every cell set and row.
  ///
  /// - Throws: `FitError` for a cell that was not there when the cross-products were made.
  func codes(of block: RowBlock) throws -> [[Int32]] {
    let changed = FitError.numerical("the data changed while they were read a second time")
    var maps: [[Int32]] = []
    for (set, source) in basis.cellSets.enumerated() {
      switch (block.cellSets[set], cellSets[set], source) {
      case (.factor(let theirs), .factor(let ours), _):
        maps.append(
          try (0..<Int32(theirs.count)).map { code in
            guard let found = theirs.withBytes(of: code, { ours.find($0) }) else { throw changed }
            return found
          })
      case (.product(let theirs), .product(let ours), .product(let left, let right)):
        maps.append(
          try (0..<theirs.count).map { code in
            let (a, b) = (maps[left][Int(theirs.left[code])], maps[right][Int(theirs.right[code])])
            guard let found = ours.find(a, b) else { throw changed }
            return found
          })
      default: preconditionFailure("cell sets of different kinds")
      }
    }
    return zip(maps, block.cells).map { map, cells in cells.map { map[Int($0)] } }
  }
}

extension RowBlock {
  /// Adds Σ coefficient · column over the columns of `blocks`; `codes` are the cells' codes in
  /// `directory`.
  func addPredictor(
    _ blocks: [ColumnBlock], _ directory: ColumnDirectory, _ codes: [[Int32]],
    to sum: inout [Double], coefficient: (_ row: Int, _ column: Int) -> Double
  ) {
    for (b, block) in blocks.enumerated() {
      for (k, monomial) in block.monomials.enumerated() {
        let column = Self.values(of: monomial, polynomials, count: count)
        for row in 0..<count {
          let cell = block.cellSet.map { Int(codes[$0][row]) } ?? 0
          sum[row] += coefficient(row, Int(directory.starts[b][cell]) + k) * column[row]
        }
      }
    }
  }
}
