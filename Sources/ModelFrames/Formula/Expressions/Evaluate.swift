// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// The value of `expression` in each of `count` rows, with R's semantics.
///
/// Logical results are 1 and 0, and NaN where unknown; infinities are kept.
/// - Parameters:
///   - expression: what to compute.
///   - count: the number of rows.
///   - groupMean: the values of a `mean(x, g)` or `within(x, g)`; nil where none can be known.
///   - column: the values of a column, `count` of them.
/// - Returns: `count` values.
/// - Throws: `EvaluationError` if a column of text is used as a number.
package func evaluate(
  _ expression: Expression, count: Int, groupMean: GroupMeanValues? = nil,
  column: (String) -> ColumnValues
) throws(EvaluationError) -> [Double] {
  let evaluation = Evaluation(expression: expression, count: count, groupMean: groupMean)
  switch try evaluation.value(of: expression, column) {
  case .scalar(let value): return [Double](repeating: value, count: count)
  case .vector(let values): return values
  }
}

/// The value of a mean by groups, or of what lies above it, in every row.
package typealias GroupMeanValues = (GroupMean) throws(EvaluationError) -> [Double]

/// One evaluation of an expression over a run of rows.
struct Evaluation {
  /// The whole expression, for messages.
  let expression: Expression
  let count: Int
  let groupMean: GroupMeanValues?

  func value(
    of node: Expression, _ column: (String) -> ColumnValues
  ) throws(EvaluationError) -> RowValues {
    switch node {
    case .number(let value): return .scalar(value)
    case .logical(let value): return .scalar(value ? 1 : 0)
    case .pi: return .scalar(.pi)
    case .string: throw .notRowwise(expression: expression.deparsed)
    case .column(let name): return .vector(try numbers(name, column))
    case .parenthesized(let inner): return try value(of: inner, column)
    case .unary(let symbol, let operand): return unary(symbol, try value(of: operand, column))
    case .binary(let symbol, let left, let right):
      if symbol == .within { return .vector(try membership(of: left, in: right, column)) }
      if symbol.isComparison { return try comparison(symbol, left, right, column) }
      let first = try value(of: left, column)
      return try arithmetic(symbol, first, try value(of: right, column))
    case .call(let function, let arguments):
      if let groupMean, let mean = GroupMean(node) { return .vector(try groupMean(mean)) }
      return try call(function, arguments, column)
    }
  }

  func numbers(
    _ name: String, _ column: (String) -> ColumnValues
  ) throws(EvaluationError) -> [Double] {
    let values = column(name)
    guard let numbers = values.asNumbers else {
      throw .textAsNumber(column: name, expression: expression.deparsed)
    }
    precondition(numbers.count == count, "one value for each row")
    return numbers
  }

  private func call(
    _ function: String, _ arguments: [Expression.Argument], _ column: (String) -> ColumnValues
  ) throws(EvaluationError) -> RowValues {
    if function == "I", arguments.count == 1 { return try value(of: arguments[0].value, column) }
    guard let known = NumericFunction(rawValue: function),
      let match = ArgumentMatch(arguments, to: ["x", "base"]), let argument = match.values["x"]
    else { throw .notRowwise(expression: expression.deparsed) }
    let x = try value(of: argument, column)
    guard let base = match.values["base"] else { return apply(known, to: x) }
    return x.combined(with: try value(of: base, column), logarithm)
  }

  private func unary(_ symbol: UnaryOperator, _ operand: RowValues) -> RowValues {
    switch symbol {
    case .plus: operand
    case .minus: operand.map { -$0 }
    case .not: operand.map { $0.isNaN ? .nan : $0 == 0 ? 1 : 0 }
    }
  }

  private func arithmetic(
    _ symbol: BinaryOperator, _ left: RowValues, _ right: RowValues
  ) throws(EvaluationError) -> RowValues {
    switch symbol {
    case .plus: left.combined(with: right) { $0 + $1 }
    case .minus: left.combined(with: right) { $0 - $1 }
    case .times: left.combined(with: right) { $0 * $1 }
    case .divided: left.combined(with: right) { $0 / $1 }
    case .power: left.combined(with: right, power)
    case .remainder: left.combined(with: right, remainder)
    case .integerDivided: left.combined(with: right, integerQuotient)
    case .and: left.combined(with: right, and)
    case .or: left.combined(with: right) { 1 - and(1 - isTrue($0), 1 - isTrue($1)) }
    default: throw .notRowwise(expression: expression.deparsed)
    }
  }
}

// MARK: - Arithmetic of one row

/// 1, 0 or NaN.
private func isTrue(_ x: Double) -> Double { x.isNaN ? .nan : x == 0 ? 0 : 1 }

/// R's &: FALSE & NA is FALSE.
private func and(_ a: Double, _ b: Double) -> Double {
  if a == 0 || b == 0 { return 0 }
  return a.isNaN || b.isNaN ? .nan : 1
}

/// R's ^: 1^NA and NA^0 are 1; a negative base has no infinite and, if infinite itself, no
/// fractional power.
private func power(_ x: Double, _ y: Double) -> Double {
  if y == 2 { return x * x }
  if x < 0, y.isInfinite || (x.isInfinite && y != y.rounded()) { return .nan }
  return pow(x, y)
}

/// R's %/%: the floor of the exact quotient, 1 %/% 0.1 being 9.
private func integerQuotient(_ x: Double, _ y: Double) -> Double {
  let quotient = x / y
  if y == 0 || !quotient.isFinite || quotient.magnitude > 0x1p52 { return quotient }
  if quotient.magnitude < 1 { return x != 0 && (x < 0) != (y < 0) ? -1 : 0 }
  let whole = quotient.rounded(.down)
  let rest = x.addingProduct(-whole, y)
  return whole + (rest / y).rounded(.down)
}

/// R's %%: the sign is the divisor's.
private func remainder(_ x: Double, _ y: Double) -> Double {
  let rest = fmod(x, y)
  if y.isInfinite, x.isFinite { return x == 0 || (x < 0) == (y < 0) ? x : y }
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest
}

private func logarithm(_ x: Double, _ base: Double) -> Double {
  base == 2 ? log2(x) : base == 10 ? log10(x) : log(x) / log(base)
}
