// SPDX-License-Identifier: GPL-2.0-or-later

/// The right-hand side of a formula taken apart: random terms, offsets and what is left.
struct FormulaSplit {
  /// nil if nothing else was there: the intercept alone.
  private(set) var fixed: Syntax?
  private(set) var randomTerms: [RandomTerm] = []
  /// Arguments of offset(), each once, as in R.
  private(set) var offsets: [Expression] = []

  private var knownOffsets: Set<Expression> = []
  private let text: String
  private let response: Expression

  init(_ terms: Syntax, text: String, response: Expression) throws(FormulaError) {
    self.text = text
    self.response = response
    fixed = try rest(of: terms)
  }

  private func error(_ problem: FormulaProblem, at syntax: Syntax) -> FormulaError {
    FormulaError(text: text, range: syntax.range, problem)
  }

  /// `syntax` without the random terms and offsets that are summands of it.
  private mutating func rest(of syntax: Syntax) throws(FormulaError) -> Syntax? {
    switch syntax.form {
    case .parenthesized(let inner):
      if inner.bar == nil { return try rest(of: inner) }
      try addRandomTerm(inner, range: syntax.range)
      return nil
    case .unary(.plus, let operand): return try rest(of: operand)
    case .sum(let summands):
      var kept: [Syntax.Summand] = []
      for summand in summands {
        if summand.isNegative {
          kept.append(summand)
        } else if let operand = try rest(of: summand.operand) {
          kept.append(.init(isNegative: false, operand: operand))
        }
      }
      return kept.isEmpty ? nil : Syntax(.sum(kept), range: syntax.range)
    case .call("offset", let arguments):
      try addOffset(arguments, at: syntax)
      return nil
    case .call(let word, let arguments) where Self.isStructured(word, arguments):
      try addStructuredTerm(word, arguments, at: syntax)
      return nil
    case .call, .binary(.interaction, _, _):
      guard let term = AxisTerm(syntax) else { return syntax }
      try addAxes(term, range: syntax.range)
      return nil
    default:
      if syntax.bar != nil { throw error(.bareBar, at: syntax) }
      return syntax
    }
  }

  /// Whether a call is a random term with a word for its covariance matrix, and not a function.
  static func isStructured(_ word: String, _ arguments: [Syntax.Argument]) -> Bool {
    // exp(t | g) is a structure's name, too.
    arguments.first?.value.unparenthesized.bar != nil && NumericFunction.hints[word] == nil
      && (word == "exp" || !NumericFunction.allNames.contains(word))
  }

  private mutating func addStructuredTerm(
    _ word: String, _ arguments: [Syntax.Argument], at syntax: Syntax
  ) throws(FormulaError) {
    var (isHomogeneous, dimensions) = (Bool?.none, Int?.none)
    for argument in arguments.dropFirst() {
      switch (argument.name, argument.value.form) {
      case ("hom", .name(let value, isQuoted: false))
      where arguments.count == 2 && ["TRUE", "FALSE", "T", "F"].contains(value):
        isHomogeneous = value.hasPrefix("T")
      case ("d", .number(let value)), (nil, .number(let value)):
        guard arguments.count == 2, let count = Int(exactly: value), count > 0 else { fallthrough }
        dimensions = count
      default:
        throw error(
          .wrongArguments(
            function: word,
            expected:
              "a random term, and hom = TRUE or hom = FALSE, or d = 1 or more for rr() and fa()"),
          at: syntax)
      }
    }
    let term = arguments[0].value.unparenthesized
    if term.bar?.isDouble == true { throw error(.structuredDoubleBar(word), at: term) }
    switch word {
    case "us" where isHomogeneous == nil && dimensions == nil: try addRandomTerm(term, range: syntax.range)
    case "diag" where isHomogeneous != true && dimensions == nil:
      try addRandomTerm(term, range: syntax.range, isDiagonal: true)
    default:
      let structure = RandomTerm.StructureWord(
        word: word, isHomogeneous: isHomogeneous, dimensions: dimensions, axes: [], range: syntax.range)
      try addRandomTerm(term, range: syntax.range, structure: structure)
    }
  }

  private mutating func addAxes(_ term: AxisTerm, range: Range<Int>) throws(FormulaError) {
    let groupings = try Grouping.groupings(of: term.grouping, text: text, response: response)
    let structure = RandomTerm.StructureWord(
      word: term.words.joined(separator: ":"), isHomogeneous: nil, dimensions: nil, axes: term.words,
      range: range)
    for grouping in groupings {
      randomTerms.append(
        RandomTerm(
          terms: ModelTerms(hasIntercept: true), grouping: grouping.variables,
          groupName: grouping.name, isDiagonal: false, range: range, structure: structure))
    }
  }

  private mutating func addRandomTerm(
    _ syntax: Syntax, range: Range<Int>, isDiagonal: Bool = false,
    structure: RandomTerm.StructureWord? = nil
  ) throws(FormulaError) {
    guard let bar = syntax.bar else { preconditionFailure("no bar") }
    if bar.left.bar != nil { throw error(.twoBars, at: syntax) }
    let terms = try TermExpansion.terms(of: bar.left, text: text, response: response)
    if terms.terms.isEmpty, !terms.hasIntercept { throw error(.emptyRandomTerm, at: bar.left) }
    let groupings = try Grouping.groupings(of: bar.right, text: text, response: response)
    for grouping in groupings {
      randomTerms.append(
        RandomTerm(
          terms: terms, grouping: grouping.variables, groupName: grouping.name,
          isDiagonal: bar.isDouble || isDiagonal, range: range, structure: structure))
    }
  }

  private mutating func addOffset(
    _ arguments: [Syntax.Argument], at syntax: Syntax
  ) throws(FormulaError) {
    guard arguments.count == 1, arguments[0].name == nil else {
      throw error(.wrongArguments(function: "offset", expected: "one expression"), at: syntax)
    }
    let argument = arguments[0].value
    let expression = try ExpressionBuilder(text: text).rowwiseExpression(argument)
    guard expression.groupMeans.isEmpty else {
      throw error(
        .wrongArguments(function: "offset", expected: "what stands in the row alone"), at: syntax)
    }
    if knownOffsets.insert(expression).inserted { offsets.append(expression) }
  }
}
