// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension ModelBinder {
  /// Binds a formula to a table's columns.
  ///
  /// - Throws: `FormulaError` for a name that is no column; `DataError` for an unreadable one;
  ///   `FitError.weights`.
  static func bind(
    _ formula: Formula, to reader: TableReader, table: String, options: FitOptions
  ) throws -> ModelSpecification {
    var kinds: [String: ColumnKind] = [:]
    func note(_ columns: [String], _ unknown: (String, [String], String) -> FormulaError) throws {
      for name in columns {
        guard reader.header.contains(name) else { throw unknown(name, reader.header, table) }
        kinds[name] = try reader.kind(of: name)
      }
    }
    try note(formula.columnReferences.map(\.name), formula.errorForUnknownColumn)
    if let residual = options.residual { try note(residual.columns, residual.errorForUnknownColumn) }
    if let strata = try options.residualBy.map(StrataFormula.init) {
      try note(strata.columns, strata.errorForUnknownColumn)
    }
    let weights = try options.weights.map { text in
      if reader.header.contains(text) { return Expression.column(text) }
      if let problem = Expression.problem(ofWeights: text) {
        throw FitError.weights(text, problem: problem)
      }
      return Expression(weights: text)
    }
    for name in (weights?.columns ?? []) + [options.offset, options.clusters].compactMap(\.self) {
      _ = try reader.kind(of: name)
    }
    do {
      var specification = try bind(formula, kinds: kinds, options: options.model, weights: weights)
      if let contrast = options.defaultContrast {
        for column in specification.codedFactors where options.contrasts[column] == nil {
          specification.options.contrasts[column] = contrast
        }
      }
      return specification
    } catch FitError.textUsedAsNumber(let column, let expression, _) {
      let first = reader.firstText(in: column).map(FirstText.init)
      throw FitError.textUsedAsNumber(column: column, expression: expression, first: first)
    }
  }
}
