// SPDX-License-Identifier: GPL-2.0-or-later

/// Builds the syntax tree of a formula, with R's operators and precedence.
struct Parser {
  /// Nesting beyond this is refused, so that no recursion can exhaust the stack, not even that
  /// of a thread with 512 KiB.
  static let maximumDepth = 200

  private let text: String
  private let tokens: [Token]
  private var position = 0
  private var nesting = 0

  /// The two sides of `response ~ terms`.
  static func sides(
    of text: String
  ) throws(FormulaError) -> (response: Syntax, terms: Syntax) {
    var parser = Parser(text: text, tokens: try Lexer.tokens(of: text))
    return try parser.formula()
  }

  /// An expression that is all of a text.
  static func expression(of text: String) throws(FormulaError) -> Syntax {
    var parser = Parser(text: text, tokens: try Lexer.tokens(of: text))
    if parser.token.kind == .end { throw parser.error(.emptyFormula) }
    let whole = try parser.expression()
    guard parser.token.kind == .end else { throw parser.unexpected() }
    return whole
  }

  private init(text: String, tokens: [Token]) {
    self.text = text
    self.tokens = tokens
  }

  private var token: Token { tokens[position] }
  /// Never moves past `.end`.
  private mutating func advance() { position = min(position + 1, tokens.count - 1) }

  private mutating func formula() throws(FormulaError) -> (response: Syntax, terms: Syntax) {
    if token.kind == .end { throw error(.emptyFormula) }
    if token.kind == .symbol("~") { throw error(.missingResponse) }
    let response = try expression()
    if token.kind == .end { throw error(.missingTilde) }
    guard token.kind == .symbol("~") else { throw unexpected() }
    advance()
    if token.kind == .end { throw error(.missingTerms) }
    let terms = try expression()
    if token.kind == .symbol("~") { throw error(.secondTilde) }
    guard token.kind == .end else { throw unexpected() }
    return (response, terms)
  }

  private func error(_ problem: FormulaProblem) -> FormulaError {
    FormulaError(text: text, range: token.range, problem)
  }

  private func unexpected() -> FormulaError {
    switch token.kind {
    case .end: error(.unexpectedEnd)
    case .symbol("~"): error(.nestedTilde)
    case .symbol("="): error(.singleEquals)
    case .symbol(let symbol): error(.unexpectedSymbol(symbol))
    case .number, .string, .name: error(.missingOperator)
    }
  }
}

// MARK: - Expressions

extension Parser {
  /// An expression whose operators bind at least as tightly as `minimum`.
  private mutating func expression(_ minimum: Int = 0) throws(FormulaError) -> Syntax {
    nesting += 1
    defer { nesting -= 1 }
    if nesting > Parser.maximumDepth { throw error(.tooDeep(Parser.maximumDepth)) }
    var left = try prefixed()
    while let symbol = infix(), symbol.precedence >= minimum {
      if symbol == .plus || symbol == .minus {
        left = try sum(startingWith: left)
        continue
      }
      advance()
      let right = try expression(symbol == .power ? symbol.precedence : symbol.precedence + 1)
      left = try node(.binary(symbol, left, right), left.range.lowerBound..<right.range.upperBound)
      if symbol.isComparison, infix()?.isComparison == true { throw error(.chainedComparison) }
    }
    return left
  }

  private func infix() -> BinaryOperator? {
    guard case .symbol(let symbol) = token.kind else { return nil }
    return BinaryOperator(rawValue: symbol)
  }

  private mutating func sum(startingWith first: Syntax) throws(FormulaError) -> Syntax {
    var summands = [Syntax.Summand(isNegative: false, operand: first)]
    while let symbol = infix(), symbol == .plus || symbol == .minus {
      advance()
      let operand = try expression(symbol.precedence + 1)
      summands.append(.init(isNegative: symbol == .minus, operand: operand))
    }
    let end = summands[summands.count - 1].operand.range.upperBound
    return try node(.sum(summands), first.range.lowerBound..<end)
  }

  private mutating func prefixed() throws(FormulaError) -> Syntax {
    guard case .symbol(let symbol) = token.kind, let sign = UnaryOperator(rawValue: symbol) else {
      return try primary()
    }
    let start = token.range.lowerBound
    advance()
    let operand = try expression(sign.precedence)
    return try node(.unary(sign, operand), start..<operand.range.upperBound)
  }

  private mutating func primary() throws(FormulaError) -> Syntax {
    let start = token
    switch start.kind {
    case .number(let value):
      advance()
      return Syntax(.number(value), range: start.range)
    case .string(let value):
      advance()
      return Syntax(.string(value), range: start.range)
    case .name(let name, let isQuoted):
      advance()
      if token.kind == .symbol("(") { return try call(name, from: start.range.lowerBound) }
      return Syntax(.name(name, isQuoted: isQuoted), range: start.range)
    case .symbol("("):
      advance()
      let inner = try expression()
      guard token.kind == .symbol(")") else { throw unclosed(start.range) }
      let range = start.range.lowerBound..<token.range.upperBound
      advance()
      return try node(.parenthesized(inner), range)
    case .symbol(")") where position > 0: throw error(.missingOperand)
    case .symbol, .end: throw position > 0 ? error(.missingOperand) : unexpected()
    }
  }

  private mutating func call(
    _ function: String, from start: Int
  ) throws(FormulaError) -> Syntax {
    let parenthesis = token.range
    advance()
    var arguments: [Syntax.Argument] = []
    if token.kind != .symbol(")") {
      arguments.append(try argument())
      while token.kind == .symbol(",") {
        advance()
        arguments.append(try argument())
      }
    }
    guard token.kind == .symbol(")") else { throw unclosed(parenthesis) }
    let range = start..<token.range.upperBound
    advance()
    return try node(.call(function: function, arguments: arguments), range)
  }

  private mutating func argument() throws(FormulaError) -> Syntax.Argument {
    let start = token.range.lowerBound
    var name: String?
    if case .name(let word, _) = token.kind, tokens[position + 1].kind == .symbol("=") {
      name = word
      advance()
      advance()
    }
    let value = try expression()
    return .init(name: name, value: value, range: start..<value.range.upperBound)
  }

  private func unclosed(_ parenthesis: Range<Int>) -> FormulaError {
    token.kind == .end
      ? FormulaError(text: text, range: parenthesis, .unclosedParenthesis) : unexpected()
  }

  private func node(_ form: Syntax.Form, _ range: Range<Int>) throws(FormulaError) -> Syntax {
    let node = Syntax(form, range: range)
    if node.depth > Parser.maximumDepth {
      throw FormulaError(text: text, range: range, .tooDeep(Parser.maximumDepth))
    }
    return node
  }
}
