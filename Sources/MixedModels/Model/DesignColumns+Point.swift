// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Values of the variables of a formula, at which a row of the model matrix is wanted.
protocol DesignPoint {
  /// The label that a factor has here.
  func label(of factor: FactorVariable) throws -> String
  /// The value of a number's expression.
  func value(of expression: Expression) throws -> Double
}

extension DesignBuilder {
  /// The row of the model matrix at some point, in the order of `columns(_:blocks:directory:)`.
  ///
  /// - Throws: `FitError`; what the point throws.
  func row(_ bound: BoundTerms, at point: some DesignPoint) throws -> [Double] {
    var row = bound.hasIntercept ? [1.0] : []
    for term in bound.terms {
      var factors = term.factors.makeIterator()
      var numbers = term.numbers.makeIterator()
      let values = try variableColumns(term).map { columns -> [Double] in
        switch columns {
        case .factor(_, let levels, let names, let values):
          let label = try point.label(of: factors.next()!.variable)
          guard let level = levels.labels.firstIndex(ofLabel: label) else {
            preconditionFailure("no level \(label)")
          }
          return names.indices.map { values[level][$0] }
        case .number(let index, _, let polynomials):
          _ = numbers.next()
          let atom = products.basis.atoms[index]
          let T = [1] + atom.columns([try point.value(of: atom.expression)]).map { $0[0] }
          return polynomials.map { zip($0, T).reduce(0) { $0 + $1.0 * $1.1 } }
        }
      }
      // The first variable's columns vary fastest.
      row += values.reduce([1]) { products, factor in
        factor.flatMap { value in products.map { $0 * value } }
      }
    }
    return row
  }
}
