// SPDX-License-Identifier: GPL-2.0-or-later

/// An expression of the columns, as R's parser reads it: parentheses are nodes of their own.
public indirect enum Expression: Sendable, Hashable {
  case number(Double)
  case string(String)
  case logical(Bool)
  /// The constant π, written `pi`.
  case pi
  case column(String)
  case parenthesized(Expression)
  case unary(UnaryOperator, Expression)
  case binary(BinaryOperator, Expression, Expression)
  case call(function: String, arguments: [Argument])

  /// One argument of a function call.
  public struct Argument: Sendable, Hashable {
    /// As in `degree = 2`; nil if it is known by its place.
    public let name: String?
    public let value: Expression

    public init(name: String? = nil, value: Expression) {
      self.name = name
      self.value = value
    }
  }
}

extension Expression {
  /// The expressions one level down, from left to right.
  var children: [Expression] {
    switch self {
    case .number, .string, .logical, .pi, .column: []
    case .parenthesized(let inner), .unary(_, let inner): [inner]
    case .binary(_, let left, let right): [left, right]
    case .call(_, let arguments): arguments.map(\.value)
    }
  }

  /// The columns used, each once, in order of appearance.
  package var columns: [String] {
    var seen: Set<String> = []
    var result: [String] = []
    func visit(_ expression: Expression) {
      if case .column(let name) = expression, seen.insert(name).inserted { result.append(name) }
      for child in expression.children { visit(child) }
    }
    visit(self)
    return result
  }

  /// The expression inside any number of parentheses and I().
  var content: Expression {
    var expression = self
    while true {
      switch expression {
      case .parenthesized(let inner): expression = inner
      case .call("I", let arguments) where arguments.count == 1: expression = arguments[0].value
      default: return expression
      }
    }
  }

  /// Equal, texts by their bytes.
  ///
  /// Names of columns are equal if they are canonically equivalent.
  public static func == (a: Expression, b: Expression) -> Bool {
    switch (a, b) {
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): a.hasBytes(of: b)
    case (.logical(let a), .logical(let b)): a == b
    case (.pi, .pi): true
    case (.column(let a), .column(let b)): a == b
    case (.parenthesized(let a), .parenthesized(let b)): a == b
    case (.unary(let f, let a), .unary(let g, let b)): f == g && a == b
    case (.binary(let f, let a, let x), .binary(let g, let b, let y)): f == g && a == b && x == y
    case (.call(let f, let a), .call(let g, let b)): f == g && a == b
    default: false
    }
  }

  /// Whether R's value is TRUE or FALSE, whatever the columns hold.
  package var isLogical: Bool {
    switch content {
    case .logical: true
    case .unary(.not, _): true
    case .binary(let symbol, _, _): symbol.isLogical
    default: false
    }
  }
}
