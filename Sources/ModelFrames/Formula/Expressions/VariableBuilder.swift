// SPDX-License-Identifier: GPL-2.0-or-later

/// Tells what kind of variable an operand of the term operators is.
struct VariableBuilder {
  let text: String
  private let expressions: ExpressionBuilder

  init(text: String) {
    self.text = text
    expressions = ExpressionBuilder(text: text)
  }

  private func error(_ problem: FormulaProblem, at syntax: Syntax) -> FormulaError {
    FormulaError(text: text, range: syntax.range, problem)
  }

  func variable(_ syntax: Syntax) throws(FormulaError) -> Variable {
    let syntax = syntax.unparenthesized
    switch syntax.form {
    case .number(let value): throw error(.numberAsTerm(value), at: syntax)
    case .string(let value): throw error(.textAsTerm(value), at: syntax)
    case .name(let name, let isQuoted): return try column(name, isQuoted, at: syntax)
    case .call("factor", let arguments), .call("as.factor", let arguments),
      .call("relevel", let arguments):
      return try factor(arguments, at: syntax)
    case .call("poly", let arguments): return try polynomial(arguments, at: syntax)
    case .call("scale", let arguments): return try scaled(arguments, at: syntax)
    case .call("center", let arguments): return try centred(arguments, at: syntax)
    case .call("ns", let arguments): return try spline("ns", arguments, at: syntax)
    case .call("bs", let arguments): return try spline("bs", arguments, at: syntax)
    default: break
    }
    let expression = try expressions.rowwiseExpression(syntax)
    if case .column(let name) = expression.content {
      if case .call("I", _) = expression { return Variable(expression, .column(name)) }
    }
    return Variable(
      expression, expression.isLogical ? .logical(expression) : .numeric(expression))
  }

  func rowwise(_ syntax: Syntax) throws(FormulaError) -> Expression {
    try expressions.rowwiseExpression(syntax)
  }

  func value(_ syntax: Syntax) throws(FormulaError) -> Expression {
    try expressions.expression(syntax)
  }

  private func column(
    _ name: String, _ isQuoted: Bool, at syntax: Syntax
  ) throws(FormulaError) -> Variable {
    if !isQuoted, name != "pi", RName.reserved.contains(name) {
      throw error(name == "." ? .dot : .reservedWord(name), at: syntax)
    }
    return Variable(.column(name), .column(name))
  }
}

// MARK: - Factors

extension VariableBuilder {
  private func factor(
    _ arguments: [Syntax.Argument], at syntax: Syntax
  ) throws(FormulaError) -> Variable {
    guard case .call(let function, _) = syntax.form else { preconditionFailure("no call") }
    if function == "relevel" { return try releveled(arguments, at: syntax) }
    let expected = "one column; the order of levels is set by \(Setting.levels)"
    guard arguments.count == 1, let value = ArgumentMatch(arguments, to: ["x"])?.values["x"],
      case .name(let name, let isQuoted) = value.form
    else { throw error(.wrongArguments(function: function, expected: expected), at: syntax) }
    let column = try column(name, isQuoted, at: value).expression
    let argument = Expression.Argument(name: arguments[0].name, value: column)
    return Variable(
      .call(function: function, arguments: [argument]), .factor(column: name, reference: nil))
  }

  private func releveled(
    _ arguments: [Syntax.Argument], at syntax: Syntax
  ) throws(FormulaError) -> Variable {
    let parameters = ["x", "ref"]
    guard arguments.count == 2, let match = ArgumentMatch(arguments, to: parameters),
      let inner = match.values["x"], case .string(let reference)? = match.values["ref"]?.form
    else { throw wrongRelevel(at: syntax) }
    let factor = try variable(inner)
    let column: String
    switch factor.kind {
    case .column(let name): column = name
    case .factor(let name, nil): column = name
    default: throw wrongRelevel(at: syntax)
    }
    var values: [Expression.Argument] = []
    for argument in arguments {
      var isReference = false
      if case .string = argument.value.form { isReference = true }
      values.append(
        .init(name: argument.name, value: isReference ? .string(reference) : factor.expression))
    }
    return Variable(
      .call(function: "relevel", arguments: values),
      .factor(column: column, reference: reference))
  }

  private func wrongRelevel(at syntax: Syntax) -> FormulaError {
    let expected = "a column or factor(column), and the name of a level in quotes: ref = \"b\""
    return error(.wrongArguments(function: "relevel", expected: expected), at: syntax)
  }
}

// MARK: - Polynomials and standardisation

extension VariableBuilder {
  /// The highest degree; beyond it no data give accurate columns.
  static let maximumDegree = 100

  private func polynomial(
    _ arguments: [Syntax.Argument], at syntax: Syntax
  ) throws(FormulaError) -> Variable {
    let expected = "a variable, degree = a whole number from 1 to \(Self.maximumDegree), raw = TRUE"
    let wrong = error(.wrongArguments(function: "poly", expected: expected), at: syntax)
    guard let match = ArgumentMatch(arguments, to: ["x", "degree", "raw"]),
      arguments.count(where: { $0.name == nil }) <= 2, let operand = match.values["x"]
    else { throw wrong }
    var degree = 1
    if let value = match.values["degree"] {
      guard case .number(let number) = value.form, number == number.rounded(),
        (1...Double(Self.maximumDegree)).contains(number)
      else { throw wrong }
      degree = Int(number)
    }
    guard let raw = flag(match.values["raw"], default: false) else { throw wrong }
    let inner = try expressions.rowwiseExpression(operand)
    let expression = try call("poly", arguments)
    return Variable(expression, .polynomial(of: inner, degree: degree, raw: raw))
  }

  private func scaled(
    _ arguments: [Syntax.Argument], at syntax: Syntax
  ) throws(FormulaError) -> Variable {
    let expected = "a variable, center = TRUE or FALSE, scale = TRUE or FALSE"
    guard let match = ArgumentMatch(arguments, to: ["x", "center", "scale"]),
      let operand = match.values["x"],
      let centers = flag(match.values["center"], default: true),
      let scales = flag(match.values["scale"], default: true)
    else { throw error(.wrongArguments(function: "scale", expected: expected), at: syntax) }
    let inner = try expressions.rowwiseExpression(operand)
    let expression = try call("scale", arguments)
    return Variable(expression, .scaled(of: inner, centers: centers, scales: scales))
  }

  private func centred(
    _ arguments: [Syntax.Argument], at syntax: Syntax
  ) throws(FormulaError) -> Variable {
    guard arguments.count == 1, let operand = ArgumentMatch(arguments, to: ["x"])?.values["x"] else {
      let expected = "one variable; within(x, g) takes the means of groups off"
      throw error(.wrongArguments(function: "center", expected: expected), at: syntax)
    }
    let inner = try expressions.rowwiseExpression(operand)
    let expression = try call("center", arguments)
    return Variable(expression, .scaled(of: inner, centers: true, scales: false))
  }

  private func call(
    _ function: String, _ arguments: [Syntax.Argument]
  ) throws(FormulaError) -> Expression {
    var values: [Expression.Argument] = []
    for argument in arguments {
      values.append(
        .init(name: argument.name, value: try expressions.expression(argument.value)))
    }
    return .call(function: function, arguments: values)
  }

  /// TRUE or FALSE; nil for anything else.
  func flag(_ syntax: Syntax?, default value: Bool) -> Bool? {
    guard let syntax else { return value }
    guard case .name(let name, false) = syntax.form else { return nil }
    return name == "TRUE" ? true : name == "FALSE" ? false : nil
  }
}
