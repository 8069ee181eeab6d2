// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// The column space of one term: the indicators of all cells of some factors, times some
/// polynomials.
///
/// Known without rows, and the same whatever the contrasts.
struct TermSpace {
  var factors: Set<FactorSource>
  var polynomials: [Polynomial]
  /// The numeric variables whose columns' products the polynomials are.
  fileprivate let variables: [VariablePolynomials]
  let label: String

  /// Coefficients of monomials in Tₖ of the variables' standardized values.
  typealias Polynomial = [[Power]: Double]
  struct Power: Hashable { let expression: Expression, degree: Int }

  /// The constant.
  static var one: TermSpace {
    TermSpace(factors: [], variables: [], label: "(Intercept)")
  }

  fileprivate init(factors: Set<FactorSource>, variables: [VariablePolynomials], label: String) {
    (self.factors, self.variables, self.label) = (factors, variables, label)
    polynomials = variables.reduce([[[]: 1]]) { products, variable in
      products.flatMap { product in
        variable.columns.map { multiplied(product, variable.expression, $0) }
      }
    }
  }
}

/// The columns of one numeric variable as polynomials of the standardized values of an expression.
private struct VariablePolynomials {
  let expression: Expression
  let columns: [[Double]]
}

/// `product` times a polynomial of one variable.
private func multiplied(
  _ product: TermSpace.Polynomial, _ expression: Expression, _ factor: [Double]
) -> TermSpace.Polynomial {
  var result: TermSpace.Polynomial = [:]
  for (powers, value) in product {
    let old = powers.first { $0.expression == expression }?.degree ?? 0
    let rest = powers.filter { $0.expression != expression }
    let single = (0..<old + 1).map { $0 == old ? 1.0 : 0 }
    for (degree, coefficient) in Chebyshev.multiply(single, factor).enumerated()
    where coefficient != 0 {
      let power = degree == 0 ? [] : [TermSpace.Power(expression: expression, degree: degree)]
      let key = (rest + power).sorted { $0.expression.deparsed < $1.expression.deparsed }
      result[key, default: 0] += value * coefficient
    }
  }
  return result
}

/// Shift and scale of every expression, in which polynomials of several models are written.
typealias Standardization = [Expression: (shift: Double, scale: Double)]

extension FittedModel {
  var standardization: Standardization {
    Dictionary(
      products.basis.atoms.filter { $0.spline == nil }.map { ($0.expression, ($0.shift, $0.scale)) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The spaces whose sum is the column space of some terms.
  ///
  /// Expressions that are not in `standard` keep this model's own standardization.
  ///
  /// - Throws: `FitError`.
  func spaces(_ bound: BoundTerms, _ standard: Standardization) throws -> [TermSpace] {
    try (bound.hasIntercept ? [.one] : []) + bound.terms.map { try space($0, standard) }
  }

  func space(_ term: BoundTerm, _ standard: Standardization) throws -> TermSpace {
    let variables = try term.numbers.map { number in
      let atom = products.basis.atoms[number.atom]
      let columns = try number.columns(atom, moments: products.moments[number.atom])
      if atom.spline != nil {  // columns of their own kind, whatever polynomials of x there are
        return VariablePolynomials(
          expression: .call(function: number.name, arguments: [.init(value: atom.expression)]),
          columns: columns.map(\.polynomial))
      }
      let (shift, scale) = standard[atom.expression] ?? (atom.shift, atom.scale)
      // t = a t′ + b for the common t′
      let (a, b) = (scale / atom.scale, (shift - atom.shift) / atom.scale)
      return VariablePolynomials(
        expression: atom.expression,
        columns: columns.map { column in
          var result = [Double](repeating: 0, count: column.polynomial.count)
          let changed = Chebyshev.composed(degree: column.polynomial.count - 1, a: a, b: b)
          for (k, value) in column.polynomial.enumerated() {
            for i in changed[k].indices { result[i] += value * changed[k][i] }
          }
          return result
        })
    }
    return TermSpace(
      factors: Set(term.factors.map { products.basis.factors[$0.variable.source] }),
      variables: variables, label: term.label)
  }
}

extension [TermSpace] {
  /// Whether the sum of these spaces contains `space`.
  ///
  /// A variable that is constant in the cells of a factor's column (x in `factor(x)`) is a
  /// combination of its indicators.
  func contain(_ space: TermSpace) -> Bool {
    let finer = filter { $0.factors.isSuperset(of: space.factors) }
    if Self.span(finer.flatMap(\.polynomials), space.polynomials) { return true }
    return finer.contains { other in
      let known = Set(
        other.factors.flatMap { source in
          switch source {
          case .column(let name): [name]
          case .logical: [String]()
          }
        })
      let rest = space.variables.filter { !known.isSuperset(of: $0.expression.determiningColumns) }
      guard rest.count < space.variables.count else { return false }
      let reduced = TermSpace(factors: other.factors, variables: rest, label: space.label)
      let within = filter { $0.factors.isSuperset(of: other.factors) }
      return Self.span(within.flatMap(\.polynomials), reduced.polynomials)
    }
  }

  /// Whether all of `wanted` are combinations of `basis`.
  private static func span(
    _ basis: [TermSpace.Polynomial], _ wanted: [TermSpace.Polynomial]
  ) -> Bool {
    guard !basis.isEmpty else { return false }
    var index: [[TermSpace.Power]: Int] = [:]
    for polynomial in basis + wanted {
      for key in polynomial.keys where index[key] == nil { index[key] = index.count }
    }
    var matrix = DenseMatrix(rows: index.count, columns: basis.count + wanted.count)
    for (j, polynomial) in (basis + wanted).enumerated() {
      for (key, value) in polynomial { matrix[index[key]!, j] = value }
    }
    let qr = ColumnOrderedQR(matrix, tolerance: 1e-11)
    return !qr.kept.contains { $0 >= basis.count }
  }
}
