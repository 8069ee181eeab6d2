// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

// Factors and numbers of a formula.

extension ModelBinder {
  func isFactor(_ variable: Variable) -> Bool {
    switch variable.kind {
    case .column(let name): kinds[name] == .categorical || kinds[name] == .logical
    case .factor, .logical: true
    case .polynomial, .scaled, .spline, .numeric: false
    }
  }

  private func isLogical(_ variable: Variable) -> Bool {
    switch variable.kind {
    case .column(let name): kinds[name] == .logical
    case .logical: true
    default: false
    }
  }

  mutating func factorVariable(_ variable: Variable) throws -> FactorVariable {
    let column: String?
    let source: FactorSource
    var reference: String?
    switch variable.kind {
    case .column(let name): (column, source) = (name, .column(name))
    case .factor(let name, let base): (column, source, reference) = (name, .column(name), base)
    case .logical(let expression): (column, source) = (nil, .logical(expression))
    case .polynomial, .scaled, .spline, .numeric:
      preconditionFailure("\(variable.name) is no factor")
    }
    switch source {
    case .column(let name): columns.add(name, labels: true)
    case .logical(let expression): try request(expression)
    }
    let index = factors.firstIndex(of: source) ?? factors.count
    if index == factors.count { factors.append(source) }
    return FactorVariable(
      name: variable.name, column: column, source: index, reference: reference,
      isLogical: isLogical(variable))
  }

  mutating func numericVariable(_ variable: Variable) throws -> NumericVariable {
    let expression: Expression
    var kind = NumericVariable.Kind.identity
    var spline: SplineBasis?
    switch variable.kind {
    case .polynomial(let of, let degree, let raw):
      (expression, kind) = (of, .polynomial(degree: degree, raw: raw))
    case .scaled(let of, let centers, let scales):
      (expression, kind) = (of, .scaled(centers: centers, scales: scales))
    case .spline(let of, let call):
      guard let knots = call.ownKnots ?? splines[variable.name] else {
        throw FitError.spline(
          "the knots of \(variable.name) come from the rows, which are not there. Write them into the formula, knots = c(…) and Boundary.knots = c(…)"
        )
      }
      let basis = SplineBasis(call, knots)
      (expression, kind, spline) = (of, .spline(basis.count), basis)
    default:
      // x + I(x^2) as a polynomial of x: the powers of a year are one line but for the twelfth
      // digit.
      let power = variable.expression.integerPower
      expression = power?.base ?? variable.expression
      kind = power.map { .power($0.exponent) } ?? .identity
    }
    try request(expression)
    let atom =
      atoms.firstIndex { $0.expression == expression && $0.spline == spline } ?? atoms.count
    if atom == atoms.count {
      atoms.append(Atom(expression: expression, degree: 1, needsMoments: false, spline: spline))
    }
    switch kind {
    case .polynomial(_, raw: false), .scaled: atoms[atom].needsMoments = true
    case .identity, .power, .polynomial, .spline: break
    }
    let number = NumericVariable(name: variable.name, atom: atom, kind: kind)
    atoms[atom].degree = max(atoms[atom].degree, number.degree)
    return number
  }

  mutating func request(_ expression: Expression) throws {
    let text = expression.textColumns
    for name in expression.columns where !text.contains(name) && kinds[name] == .categorical {
      throw FitError.textUsedAsNumber(column: name, expression: expression.deparsed)
    }
    columns.add(expression)
  }
}

extension Expression {
  /// Base and exponent of I(x^k) for k = 2 … 6.
  fileprivate var integerPower: (base: Expression, exponent: Int)? {
    guard case .call("I", let arguments) = self, arguments.count == 1,
      case .binary(.power, let base, .number(let k)) = arguments[0].value,
      k == k.rounded(), 2...6 ~= k
    else { return nil }
    return (base, Int(k))
  }
}
