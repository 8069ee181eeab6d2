// SPDX-License-Identifier: GPL-2.0-or-later

/// Expands `+ - : * ^ %in% /` into terms, as `EncodeVars` behind R's `terms()` does.
///
/// An intercept is no term here but a state that 0, 1 and -1 switch, wherever they stand.
struct TermExpansion {
  static let maximumTerms = 10_000
  /// Variables handled in all products together; bounds the time, not the result.
  static let maximumWork = 5_000_000

  typealias Term = [Int]

  private let text: String
  private let response: Expression?
  private let builder: VariableBuilder
  private var variables: [Variable] = []
  private var indexOfVariable: [Expression: Int] = [:]
  private var hasIntercept = true
  private var isSubtracting = false
  private var work = 0
  /// Where a `.` stands; nil where it may not.
  private var dots: [Range<Int>]?

  private init(text: String, response: Expression?) {
    self.text = text
    self.response = response
    builder = VariableBuilder(text: text)
  }

  /// The terms of `syntax`, which holds no random term.
  static func terms(
    of syntax: Syntax, text: String, response: Expression?
  ) throws(FormulaError) -> ModelTerms {
    var expansion = TermExpansion(text: text, response: response)
    let terms = try expansion.expand(syntax).terms
    return expansion.modelTerms(terms)
  }

  /// The same where a `.` may stand for columns that are not known yet: a variable of that name.
  static func terms(
    of syntax: Syntax, text: String, response: Expression?, dots: inout [Range<Int>]
  ) throws(FormulaError) -> ModelTerms {
    var expansion = TermExpansion(text: text, response: response)
    expansion.dots = []
    let terms = try expansion.expand(syntax).terms
    dots = expansion.dots ?? []
    return expansion.modelTerms(terms)
  }

  private func error(_ problem: FormulaProblem, at syntax: Syntax) -> FormulaError {
    FormulaError(text: text, range: syntax.range, problem)
  }

  /// Sorted by degree; variables that only subtracted terms have are dropped.
  private func modelTerms(_ unsorted: [Term]) -> ModelTerms {
    let byDegree = unsorted.enumerated().sorted {
      ($0.element.count, $0.offset) < ($1.element.count, $1.offset)
    }
    let used = Set(unsorted.joined()).sorted()
    let newIndex = Dictionary(uniqueKeysWithValues: zip(used, 0...))
    return ModelTerms(
      hasIntercept: hasIntercept, variables: used.map { variables[$0] },
      terms: byDegree.map { $0.element.map { newIndex[$0]! } })
  }
}

// MARK: - Operators

extension TermExpansion {
  private mutating func expand(_ syntax: Syntax) throws(FormulaError) -> TermSet {
    switch syntax.form {
    case .number(let value) where value == 0 || value == 1:
      hasIntercept = (value == 1) != isSubtracting
      return TermSet()
    case .parenthesized(let inner):
      if inner.bar != nil { throw error(.misplacedRandomTerm, at: syntax) }
      return try expand(inner)
    case .unary(.plus, let operand): return try expand(operand)
    case .unary(.minus, let operand):
      _ = try expandSubtracted(operand)
      return TermSet()
    case .sum(let summands): return try sum(summands, at: syntax)
    case .binary(let symbol, let left, let right):
      return try binary(symbol, left, right, at: syntax)
    default: return try single(syntax)
    }
  }

  private mutating func expandSubtracted(_ syntax: Syntax) throws(FormulaError) -> TermSet {
    isSubtracting.toggle()
    defer { isSubtracting.toggle() }
    return try expand(syntax)
  }

  private mutating func sum(
    _ summands: [Syntax.Summand], at syntax: Syntax
  ) throws(FormulaError) -> TermSet {
    var result = TermSet()
    for summand in summands {
      if summand.isNegative {
        if summand.operand.unparenthesized.bar != nil {
          throw error(.subtractedRandomTerm, at: summand.operand)
        }
        if case .call("offset", _) = summand.operand.unparenthesized.form {
          throw error(.subtractedOffset, at: summand.operand)
        }
        result.remove(try expandSubtracted(summand.operand))
      } else {
        let terms = try expand(summand.operand).terms
        for term in terms { try insert(term, into: &result, at: syntax) }
      }
    }
    return result
  }

  private mutating func binary(
    _ symbol: BinaryOperator, _ left: Syntax, _ right: Syntax, at syntax: Syntax
  ) throws(FormulaError) -> TermSet {
    switch symbol {
    case .power: return try power(left, right, at: syntax)
    case .times, .divided, .within, .interaction: break
    case .or, .doubleOr: throw error(.bareBar, at: syntax)
    case .remainder, .integerDivided:
      throw error(.termOperatorInExpression(symbol.rawValue), at: syntax)
    case .and where !left.isLogical && !right.isLogical:
      throw error(.andBetweenTerms, at: syntax)
    default: return try single(syntax)
    }
    let first = try expand(left)
    let second = try expand(right)
    // R drops the other side without a word, save for a*1 and a*0.
    if first.isEmpty || (symbol != .times && second.isEmpty) {
      throw error(.emptyInteraction(symbol.rawValue), at: syntax)
    }
    var result = TermSet()
    switch symbol {
    case .interaction: try insertProducts(first, second, into: &result, at: syntax)
    case .within:
      try insertProducts(first, second.union, into: &result, at: syntax)
    case .divided:
      result = first
      try insertProducts(first.union, second, into: &result, at: syntax)
    default:
      result = first
      for term in second.terms { try insert(term, into: &result, at: syntax) }
      try insertProducts(first, second, into: &result, at: syntax)
    }
    return result
  }

  private mutating func power(
    _ base: Syntax, _ exponent: Syntax, at syntax: Syntax
  ) throws(FormulaError) -> TermSet {
    guard case .number(let power) = exponent.form, power >= 1, power == power.rounded() else {
      throw error(.invalidPower, at: exponent)
    }
    let terms = try expand(base)
    var result = terms
    var count = 1.0
    while count < power {
      let before = result.count
      var product = TermSet()
      try insertProducts(result, terms, into: &product, at: syntax)
      result = product
      count += 1
      if result.count == before { break }
    }
    return result
  }

  private mutating func insertProducts(
    _ left: TermSet, _ right: TermSet, into result: inout TermSet, at syntax: Syntax
  ) throws(FormulaError) {
    let others = right.terms
    for first in left.terms {
      for second in others {
        work += first.count + second.count
        if work > Self.maximumWork { throw tooMany(at: syntax) }
        try insert(TermSet.product(first, second), into: &result, at: syntax)
      }
    }
  }

  private func insert(
    _ term: Term, into result: inout TermSet, at syntax: Syntax
  ) throws(FormulaError) {
    result.insert(term)
    if result.count > Self.maximumTerms { throw tooMany(at: syntax) }
  }

  private func tooMany(at syntax: Syntax) -> FormulaError {
    error(.tooManyTerms(limit: Self.maximumTerms), at: syntax)
  }

  private mutating func single(_ syntax: Syntax) throws(FormulaError) -> TermSet {
    let variable: Variable
    if dots != nil, case .name(".", isQuoted: false) = syntax.form {
      dots?.append(syntax.range)
      variable = Variable(.column("."), .column("."))
    } else {
      variable = try builder.variable(syntax)
    }
    if variable.expression == response {
      throw error(.responseAmongTerms(variable.name), at: syntax)
    }
    if let index = indexOfVariable[variable.expression] { return TermSet([index]) }
    indexOfVariable[variable.expression] = variables.count
    variables.append(variable)
    return TermSet([variables.count - 1])
  }
}

extension Syntax {
  /// Whether it is TRUE or FALSE whatever the columns hold.
  fileprivate var isLogical: Bool {
    switch unparenthesized.form {
    case .unary(.not, _), .name("TRUE", false), .name("FALSE", false): true
    case .binary(.and, let left, let right), .binary(.or, let left, let right):
      left.isLogical || right.isLogical
    case .binary(let symbol, _, _): symbol.isLogical
    case .call("I", let arguments): arguments.first?.value.isLogical ?? false
    default: false
    }
  }
}
