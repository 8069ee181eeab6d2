// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames

/// The way back from the scale of a model to that of the column that its response is computed from:
/// exp(η) for log(y), η² for sqrt(y).
struct ResponseScale {
  /// One function undone.
  private enum Step {
    case exponential(base: Double)
    /// exp(η) − 1
    case exponentialLessOne
    case logarithm
    case square
    case power(Double)
    /// constant / η
    case reciprocal(Double)
    /// slope · η + shift
    case line(slope: Double, shift: Double)
  }
  /// The outermost function of the response is undone first.
  private var steps: [Step] = []

  /// e, 2 or 10 where the response is a logarithm, so that differences are logarithms of ratios.
  var logarithmBase: Double? {
    if case .exponential(let base)? = steps.first { base } else { nil }
  }

  /// Whether the response is a column as it is.
  var isIdentity: Bool { steps.isEmpty }

  /// nil where there is no way back.
  init?(_ response: Expression) {
    guard response.columns.count == 1, undo(response) else { return nil }
  }

  /// - Returns: false where a function has no inverse, or the column occurs twice.
  private mutating func undo(_ expression: Expression) -> Bool {
    switch expression {
    case .column: return true
    case .parenthesized(let inner): return undo(inner)
    case .unary(.plus, let inner): return undo(inner)
    case .unary(.minus, let inner):
      steps.append(.line(slope: -1, shift: 0))
      return undo(inner)
    case .binary(let symbol, let left, let right):
      if let c = right.constant { return undo(symbol, before: c) && undo(left) }
      if let c = left.constant { return undo(symbol, after: c) && undo(right) }
      return false
    case .call(let name, let arguments): return undo(name, arguments)
    default: return false
    }
  }

  /// y ∘ c
  private mutating func undo(_ symbol: BinaryOperator, before c: Double) -> Bool {
    switch symbol {
    case .plus: steps.append(.line(slope: 1, shift: -c))
    case .minus: steps.append(.line(slope: 1, shift: c))
    case .times where c != 0: steps.append(.line(slope: 1 / c, shift: 0))
    case .divided: steps.append(.line(slope: c, shift: 0))
    case .power where c != 0: steps.append(c == -1 ? .reciprocal(1) : .power(1 / c))
    default: return false
    }
    return true
  }

  /// c ∘ y
  private mutating func undo(_ symbol: BinaryOperator, after c: Double) -> Bool {
    switch symbol {
    case .plus: steps.append(.line(slope: 1, shift: -c))
    case .minus: steps.append(.line(slope: -1, shift: c))
    case .times where c != 0: steps.append(.line(slope: 1 / c, shift: 0))
    case .divided where c != 0: steps.append(.reciprocal(c))
    default: return false
    }
    return true
  }

  private mutating func undo(_ function: String, _ arguments: [Expression.Argument]) -> Bool {
    guard let argument = arguments.first?.value else { return false }
    switch (function, arguments.count) {
    case ("I", 1), ("as.numeric", 1): break
    case ("log", 1): steps.append(.exponential(base: M_E))
    case ("log", 2):
      guard let base = arguments[1].value.constant, base > 0, base != 1 else { return false }
      steps.append(.exponential(base: base))
    case ("log2", 1): steps.append(.exponential(base: 2))
    case ("log10", 1): steps.append(.exponential(base: 10))
    case ("log1p", 1): steps.append(.exponentialLessOne)
    case ("exp", 1): steps.append(.logarithm)
    case ("sqrt", 1): steps.append(.square)
    default: return false
    }
    return undo(argument)
  }

  /// The value at η and its derivative; not finite where there is none.
  func value(_ η: Double) -> (value: Double, derivative: Double) {
    steps.reduce((η, 1)) { point, step in
      let (x, slope) = point
      switch step {
      case .exponential(let base):
        let value = base == M_E ? exp(x) : pow(base, x)
        return (value, slope * value * (base == M_E ? 1 : log(base)))
      case .exponentialLessOne: return (expm1(x), slope * exp(x))
      case .logarithm: return (log(x), slope / x)
      case .square: return (x * x, slope * 2 * x)
      case .power(let p): return (pow(x, p), slope * p * pow(x, p - 1))
      case .reciprocal(let c): return (c / x, -slope * c / (x * x))
      case .line(let a, let b): return (a * x + b, a * slope)
      }
    }
  }

  /// The ratio that a difference of logarithms means.
  static func ratio(base: Double) -> ResponseScale {
    var scale = ResponseScale()
    scale.steps = [.exponential(base: base)]
    return scale
  }

  private init() {}
}

extension TTest {
  /// The same test with estimate and limits on the response's scale, the standard error by the delta
  /// method.
  func transformed(by scale: ResponseScale) -> TTest {
    let (value, derivative) = scale.value(estimate)
    let limits = confidenceInterval.map { interval -> (low: Double, high: Double) in
      let (a, b) = (scale.value(interval.low).value, scale.value(interval.high).value)
      return (min(a, b), max(a, b))
    }
    return TTest(
      name: name, estimate: value, value: scale.value(self.value).value,
      standardError: abs(derivative) * standardError, df: df, statistic: statistic, pValue: pValue,
      confidenceInterval: limits, dfError: dfError)
  }
}

extension Expression {
  /// The value of an expression without columns.
  fileprivate var constant: Double? {
    guard columns.isEmpty else { return nil }
    let value = try? evaluate(self, count: 1) { _ in .numbers([.nan]) }[0]
    return value.flatMap { $0.isFinite ? $0 : nil }
  }
}
