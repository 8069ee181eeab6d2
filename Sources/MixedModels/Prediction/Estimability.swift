// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Which rows' xᵀβ the data of a fit determine: those whose dropped columns depend on the kept ones as
/// they did in the fit's rows.
///
/// A combination of known levels that the fit has no row of is looked at column by column, as R makes
/// the model matrix: the columns decide, not the cells.
struct Estimability: Sendable {
  private let fitted: FittedModel
  private let columns: FixedColumns
  private let design: FixedRows
  /// Kept coefficients, as they are reported.
  private let β: [Double]
  /// The columns of `NewRowDesign.rests`.
  private let names: [String]

  /// - Throws: `FitError`.
  init(_ predictor: LinearPredictor, _ rests: DroppedRests) throws {
    fitted = predictor.fitted
    columns = try predictor.fitted.fixedColumns(.fitted)
    design = try FixedRows(predictor.fitted, predictor.builder)
    β = predictor.fitted.fit.fixedEffects.compactMap(\.estimate)
    names = rests.names
  }

  /// Gives rows with new combinations of levels their part of Xβ, and takes out those that cannot be
  /// estimated.
  func apply(to columns: inout WorkingRows.Columns, _ design: NewRowDesign) {
    let unseen = columns.rows.rowsOfNewCombinations(design)
    for row in unseen { evaluate(row, &columns) }
    guard let part = design.rests, part.size > 0 else { return }
    let (values, sizes) = columns.rows.columnsAndSizes(part)
    let isUnseen = Set(unseen)
    for row in 0..<columns.rows.count where !isUnseen.contains(row) {
      let aliased = (0..<part.size).first { k in
        let place = row * part.size + k
        return abs(values[place]) > DroppedRests.tolerance * (part.largest[k] + sizes[place])
      }
      if let aliased { columns.takeOut(row, names[aliased]) }
    }
  }

  private func evaluate(_ row: Int, _ columns: inout WorkingRows.Columns) {
    guard columns.rows.isComplete[row] else { return }
    let c = design.row(row, columns.rows)
    let (working, aliased) = fitted.estimableRow(c, self.columns)
    if let aliased { return columns.takeOut(row, aliased) }
    columns.newCombinations[row] = dot(fitted.model.fixed.kept.map { c[$0] }, β)
    if !columns.x.isEmpty {
      columns.x.replaceSubrange(row * working.count..<(row + 1) * working.count, with: working)
    }
  }
}

/// Makes rows of the model matrix X, dropped columns too, from the codes and polynomials of new rows.
private struct FixedRows: Sendable {
  private let hasIntercept: Bool
  private let terms: [[DesignBuilder.VariableColumns]]
  /// Factor source → its own cell set.
  private let cellSets: [Int: Int]

  /// - Throws: `FitError`.
  init(_ fitted: FittedModel, _ builder: DesignBuilder) throws {
    let bound = fitted.fixedTerms
    hasIntercept = bound.hasIntercept
    terms = try bound.terms.map { try builder.variableColumns($0) }
    var cellSets: [Int: Int] = [:]
    for (set, kind) in fitted.products.basis.cellSets.enumerated() {
      if case .factor(let source) = kind { cellSets[source] = set }
    }
    self.cellSets = cellSets
  }

  func row(_ row: Int, _ rows: NewRows) -> [Double] {
    (hasIntercept ? [1] : [])
      + terms.flatMap { variables in
        // The first variable's columns vary fastest.
        variables.reduce([1.0]) { products, variable in
          values(variable, row, rows).flatMap { value in products.map { $0 * value } }
        }
      }
  }

  private func values(
    _ variable: DesignBuilder.VariableColumns, _ row: Int, _ rows: NewRows
  ) -> [Double] {
    switch variable {
    case .factor(let source, let levels, _, let values):
      return values[levels.rank[Int(rows.cells[cellSets[source]!][row])]]
    case .number(let atom, _, let polynomials):
      return polynomials.map { coefficients in
        coefficients.enumerated().reduce(0) { sum, term in
          sum + term.element * (term.offset == 0 ? 1 : rows.polynomials[atom][term.offset - 1][row])
        }
      }
    }
  }
}
