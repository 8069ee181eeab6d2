// SPDX-License-Identifier: GPL-2.0-or-later

/// Turns syntax into an expression that can be evaluated for each row, or says why it cannot.
struct ExpressionBuilder {
  /// A sum becomes a tree as deep as it is long; see `Parser.maximumDepth`.
  static let maximumSummands = 300

  let text: String

  func error(_ problem: FormulaProblem, at syntax: Syntax) -> FormulaError {
    FormulaError(text: text, range: syntax.range, problem)
  }

  /// The value of `syntax`, a number or a logical for each row.
  func expression(_ syntax: Syntax) throws(FormulaError) -> Expression {
    switch syntax.form {
    case .number(let value): return .number(value)
    case .string: throw error(.textInArithmetic, at: syntax)
    case .name(let name, let isQuoted): return try column(name, isQuoted, at: syntax)
    case .parenthesized(let inner): return .parenthesized(try expression(inner))
    case .unary(let symbol, let operand): return .unary(symbol, try expression(operand))
    case .binary(let symbol, let left, let right): return try binary(symbol, left, right, syntax)
    case .sum(let summands): return try sum(summands, at: syntax)
    case .call(let function, let arguments): return try call(function, arguments, at: syntax)
    }
  }

  /// As `expression`, but of something that must depend on the row.
  func rowwiseExpression(_ syntax: Syntax) throws(FormulaError) -> Expression {
    let expression = try expression(syntax)
    if expression.columns.isEmpty { throw error(.noColumn(expression.deparsed), at: syntax) }
    return expression
  }

  func column(
    _ name: String, _ isQuoted: Bool, at syntax: Syntax
  ) throws(FormulaError) -> Expression {
    if isQuoted { return .column(name) }
    switch name {
    case "TRUE": return .logical(true)
    case "FALSE": return .logical(false)
    case "pi": return .pi
    case "Inf": return .number(.infinity)
    case ".": throw error(.dot, at: syntax)
    default:
      if RName.reserved.contains(name) { throw error(.reservedWord(name), at: syntax) }
      return .column(name)
    }
  }

  private func sum(
    _ summands: [Syntax.Summand], at syntax: Syntax
  ) throws(FormulaError) -> Expression {
    if syntax.binaryDepth > Self.maximumSummands {
      throw error(.longSum(limit: Self.maximumSummands), at: syntax)
    }
    var result = try expression(summands[0].operand)
    for summand in summands.dropFirst() {
      let operand = try expression(summand.operand)
      result = .binary(summand.isNegative ? .minus : .plus, result, operand)
    }
    return result
  }

  private func binary(
    _ symbol: BinaryOperator, _ left: Syntax, _ right: Syntax, _ syntax: Syntax
  ) throws(FormulaError) -> Expression {
    switch symbol {
    case .interaction: throw error(.termOperatorInExpression(symbol.rawValue), at: syntax)
    case .within:
      return .binary(.within, try comparand(left), try set(right))
    case .equal, .notEqual:
      return .binary(symbol, try comparand(left), try comparand(right))
    case .or, .doubleOr:
      let isRandomTerm = isNumber(left) || isNumber(right)
      if isRandomTerm { throw error(.misplacedRandomTerm, at: syntax) }
      if symbol == .doubleOr { throw error(.doubledLogical(symbol.rawValue), at: syntax) }
    case .doubleAnd: throw error(.doubledLogical(symbol.rawValue), at: syntax)
    default: break
    }
    return .binary(symbol, try expression(left), try expression(right))
  }

  /// Whether `syntax` is a number or a sum with one, as the left of a random term often is.
  private func isNumber(_ syntax: Syntax) -> Bool {
    switch syntax.form {
    case .number: true
    case .sum(let summands): summands.contains { isNumber($0.operand) }
    default: false
    }
  }

  /// One side of == or !=, which may be text.
  private func comparand(_ syntax: Syntax) throws(FormulaError) -> Expression {
    if case .string(let value) = syntax.form { return .string(value) }
    return try expression(syntax)
  }

  /// The right-hand side of %in%: a value or c(…) of values.
  private func set(_ syntax: Syntax) throws(FormulaError) -> Expression {
    guard case .call("c", let arguments) = syntax.form else { return try constant(syntax) }
    var values: [Expression.Argument] = []
    for argument in arguments {
      values.append(.init(name: argument.name, value: try constant(argument.value)))
    }
    return .call(function: "c", arguments: values)
  }

  private func constant(_ syntax: Syntax) throws(FormulaError) -> Expression {
    let value = try comparand(syntax)
    switch value {
    case .string, .number, .logical, .unary(.minus, .number): return value
    default: throw error(.wrongArguments(function: "%in%", expected: Self.setForm), at: syntax)
    }
  }

  private static let setForm = "a value or c(…) with values on its right"
}

// MARK: - Functions

extension ExpressionBuilder {
  private func call(
    _ function: String, _ arguments: [Syntax.Argument], at syntax: Syntax
  ) throws(FormulaError) -> Expression {
    if NumericFunction.hints[function] != nil { throw unusable(function, at: syntax) }
    // Inside a function a bar is a random term out of place; inside I() it is R's "or".
    if function != "I", let bar = arguments.first(where: { $0.value.unparenthesized.bar != nil }) {
      throw error(.misplacedRandomTerm, at: bar.value)
    }
    if GroupMean.functions.contains(function) {
      return try groupMean(function, arguments, at: syntax)
    }
    if function == "I" {
      guard arguments.count == 1, arguments[0].name == nil else {
        throw error(.wrongArguments(function: "I", expected: "one expression"), at: syntax)
      }
    } else if NumericFunction(rawValue: function) != nil {
      try checkArguments(of: function, arguments, at: syntax)
    } else {
      throw unusable(function, at: syntax)
    }
    var values: [Expression.Argument] = []
    for argument in arguments {
      values.append(.init(name: argument.name, value: try expression(argument.value)))
    }
    return .call(function: function, arguments: values)
  }

  private func checkArguments(
    of function: String, _ arguments: [Syntax.Argument], at syntax: Syntax
  ) throws(FormulaError) {
    let names = function == "log" ? ["x", "base"] : ["x"]
    let expected = function == "log" ? "a number and possibly a base" : "one number"
    guard (1...names.count).contains(arguments.count),
      ArgumentMatch(arguments, to: names)?.values["x"] != nil
    else { throw error(.wrongArguments(function: function, expected: expected), at: syntax) }
  }

  private func unusable(_ function: String, at syntax: Syntax) -> FormulaError {
    let start = syntax.range.lowerBound
    let range = start..<min(start + function.count, syntax.range.upperBound)
    let problem: FormulaProblem =
      if NumericFunction.allNames.contains(function) {
        function == "offset" ? .misplacedOffset : .specialInsideExpression(function)
      } else if let hint = NumericFunction.hints[function] {
        .unsupportedFunction(function, hint: hint)
      } else {
        .unknownFunction(function, known: NumericFunction.allNames)
      }
    return FormulaError(text: text, range: range, problem)
  }
}
