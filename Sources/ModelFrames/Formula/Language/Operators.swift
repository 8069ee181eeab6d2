// SPDX-License-Identifier: GPL-2.0-or-later

/// Operators in front of their operand; the raw value is R's spelling.
public enum UnaryOperator: String, Sendable, Hashable {
  case plus = "+"
  case minus = "-"
  case not = "!"
}

/// Operators between two operands; the raw value is R's spelling.
public enum BinaryOperator: String, Sendable, Hashable {
  case or = "|"
  case doubleOr = "||"
  case and = "&"
  case doubleAnd = "&&"
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case plus = "+"
  case minus = "-"
  case times = "*"
  case divided = "/"
  case within = "%in%"
  case remainder = "%%"
  case integerDivided = "%/%"
  case interaction = ":"
  case power = "^"
}

extension BinaryOperator {
  /// How tightly R binds it; greater is tighter.
  var precedence: Int {
    switch self {
    case .or, .doubleOr: 1
    case .and, .doubleAnd: 2
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: 4
    case .plus, .minus: 5
    case .times, .divided: 6
    case .within, .remainder, .integerDivided: 7
    case .interaction: 8
    case .power: 10
    }
  }

  /// Whether `a == b == c` is refused, as R does for comparisons.
  var isComparison: Bool { precedence == 4 }
  /// Whether the result is TRUE or FALSE.
  var isLogical: Bool { precedence <= 4 || self == .within }

  /// The operator as R's deparse spaces it.
  var deparsed: String {
    switch self {
    case .divided, .remainder, .integerDivided, .interaction, .power: rawValue
    default: " " + rawValue + " "
    }
  }
}

extension UnaryOperator {
  /// How tightly R binds it; `!` is weaker than a comparison, `-` stronger than `:`.
  var precedence: Int { self == .not ? 3 : 9 }
}
