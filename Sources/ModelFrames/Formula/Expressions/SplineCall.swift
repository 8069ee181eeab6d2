// SPDX-License-Identifier: GPL-2.0-or-later

/// What `ns(x, df = 4)` or `bs(x, knots = c(1, 2), degree = 2)` says of a spline, as R's package splines
/// reads it.
public struct SplineCall: Sendable, Hashable {
  /// `ns()`: cubic, linear beyond the boundary knots.
  public let isNatural: Bool
  /// Of the pieces.
  public let degree: Int
  /// Whether the constant is in its space.
  public let hasIntercept: Bool
  /// Interior knots; nil where they are to be quantiles of the values.
  public let knots: [Double]?
  /// Columns, where the knots are to be quantiles; nil for no interior knots.
  public let df: Int?
  /// Ascending, two of them; nil for the range of the values.
  public let boundary: [Double]?

  /// Interior knots that are to be quantiles.
  public var quantileCount: Int { df.map { $0 - minimumDF } ?? 0 }

  /// Whether values must be seen before there are columns.
  public var needsValues: Bool { boundary == nil || (knots == nil && quantileCount > 0) }

  /// Columns without interior knots.
  fileprivate var minimumDF: Int { (isNatural ? 1 : degree) + (hasIntercept ? 1 : 0) }
}

extension VariableBuilder {
  /// More columns than anybody needs.
  private static let maximumDF = 500

  func spline(
    _ function: String, _ arguments: [Syntax.Argument], at syntax: Syntax
  ) throws(FormulaError) -> Variable {
    let isNatural = function == "ns"
    let parameters =
      ["x", "df", "knots"] + (isNatural ? [] : ["degree"]) + ["intercept", "Boundary.knots"]
    func wrong(_ expected: String) -> FormulaError {
      FormulaError(
        text: text, range: syntax.range, .wrongArguments(function: function, expected: expected))
    }
    let form =
      "a variable, df = a number of columns or knots = c(…), \(isNatural ? "" : "degree = 1 to 20, ")intercept = TRUE or FALSE, Boundary.knots = c(…, …)"
    guard let match = ArgumentMatch(arguments, to: parameters), let operand = match.values["x"],
      let intercept = flag(match.values["intercept"], default: false)
    else { throw wrong(form) }
    var degree = 3
    if let value = match.values["degree"] {
      guard let number = whole(value), 1...20 ~= number else { throw wrong(form) }
      degree = number
    }
    let knots = match.values["knots"].map(constants)
    let boundary = match.values["Boundary.knots"].map(constants)
    guard knots != .some(nil), boundary != .some(nil) else { throw wrong(form) }
    if let values = boundary?.map({ $0 }) {
      guard values.count == 2, values[0] != values[1] else {
        throw wrong("two different Boundary.knots")
      }
    }
    // R takes no account of df where there are knots.
    var df: Int?
    if let value = match.values["df"], knots == nil {
      let least = (isNatural ? 1 : degree) + (intercept ? 1 : 0)
      guard let number = whole(value), least...Self.maximumDF ~= number else {
        throw wrong("df from \(least) to \(Self.maximumDF) here")
      }
      df = number
    }
    let call = SplineCall(
      isNatural: isNatural, degree: degree, hasIntercept: intercept,
      knots: (knots ?? nil)?.sorted(), df: df, boundary: (boundary ?? nil)?.sorted())
    if let inside = call.knots, let ends = call.boundary,
      inside.contains(where: { $0 <= ends[0] || $0 >= ends[1] })
    {
      throw wrong("knots between the Boundary.knots")
    }
    guard (call.knots?.count ?? 0) <= Self.maximumDF else {
      throw wrong("no more than \(Self.maximumDF) knots")
    }
    let inner = try rowwise(operand)
    var values: [Expression.Argument] = []
    for argument in arguments {
      values.append(.init(name: argument.name, value: try argumentExpression(argument.value)))
    }
    return Variable(.call(function: function, arguments: values), .spline(of: inner, call))
  }

  private func whole(_ syntax: Syntax) -> Int? {
    guard case .number(let value) = syntax.form, value == value.rounded(), 0...1e6 ~= value else {
      return nil
    }
    return Int(value)
  }

  /// A number or c(…) of numbers; nil for anything else.
  private func constants(_ syntax: Syntax) -> [Double]? {
    switch syntax.form {
    case .number(let value): return [value]
    case .unary(.minus, let operand): return constants(operand)?.map { -$0 }
    case .call("c", let arguments):
      var values: [Double] = []
      for argument in arguments {
        guard argument.name == nil, let value = constants(argument.value), value.count == 1 else {
          return nil
        }
        values += value
      }
      return values
    default: return nil
    }
  }

  /// As it is deparsed.
  private func argumentExpression(_ syntax: Syntax) throws(FormulaError) -> Expression {
    guard case .call("c", let arguments) = syntax.form else { return try value(syntax) }
    var values: [Expression.Argument] = []
    for argument in arguments { values.append(.init(value: try value(argument.value))) }
    return .call(function: "c", arguments: values)
  }
}
