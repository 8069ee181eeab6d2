// SPDX-License-Identifier: GPL-2.0-or-later

/// A mixed-model formula in R's language as lme4 reads it, expanded but not bound to data.
///
///     let formula = try Formula("reaction ~ 1 + days + (1 + days | subject)")
public struct Formula: Sendable {
  /// As it was written.
  public let text: String
  public let response: Expression
  /// The terms of the fixed effects, but for factors that are set apart.
  public internal(set) var fixed: ModelTerms
  /// All of them where some factors are set apart, see `settingApart`; else nil.
  package internal(set) var writtenFixed: ModelTerms?
  /// Arguments of `offset(…)`; several add up.
  public let offsets: [Expression]
  /// In order of appearance, `a/b` replaced by `b:a` and `a`.
  public let randomTerms: [RandomTerm]
  /// Behind the bar of `y ~ x | a + b`, each once. Their levels take the place of the intercept, which
  /// `fixed` then has in any case, so that factors are coded as beside one.
  public internal(set) var absorbedFactors: [AbsorbedFactor]
  /// Of the fixed part; such a formula is of use once a table says what they stand for.
  package let dots: [Dot]
  /// Each column used anywhere, with the characters of `text` of its first use.
  package let columnReferences: [(name: String, range: Range<Int>)]

  /// Longer formulas are refused; in bytes.
  static let maximumLength = 100_000

  /// Reads a formula.
  /// - Throws: `FormulaError` that names the place.
  public init(_ text: String) throws(FormulaError) {
    guard text.utf8.count <= Formula.maximumLength else {
      throw FormulaError(
        text: String(text.prefix(200)), range: 0..<0, .tooLong(limit: Formula.maximumLength))
    }
    self.text = text
    let sides = try Parser.sides(of: text)
    response = try Formula.response(sides.response, text: text)
    let (terms, absorbed) = try AbsorbedFactor.split(sides.terms, text: text, response: response)
    absorbedFactors = absorbed
    let split = try FormulaSplit(terms, text: text, response: response)
    var own = ModelTerms(hasIntercept: true)
    var ranges: [Range<Int>] = []
    if let terms = split.fixed {
      own = try TermExpansion.terms(of: terms, text: text, response: response, dots: &ranges)
    }
    dots = Formula.dots(ranges, in: sides.terms)
    fixed = absorbed.isEmpty ? own : own.withIntercept
    offsets = split.offsets
    randomTerms = split.randomTerms
    columnReferences = ColumnReferences.all(in: [sides.response, sides.terms])
  }

  private static func response(
    _ syntax: Syntax, text: String
  ) throws(FormulaError) -> Expression {
    let syntax = syntax.unparenthesized
    func error(_ problem: FormulaProblem) -> FormulaError {
      FormulaError(text: text, range: syntax.range, problem)
    }
    if syntax.bar != nil { throw error(.randomResponse) }
    if case .string(let value) = syntax.form { throw error(.textAsTerm(value)) }
    if case .call(let function, _) = syntax.form,
      ["poly", "scale", "factor", "as.factor", "relevel", "offset", "ns", "bs", "center"].contains(function)
    {
      throw error(.specialResponse(function))
    }
    if case .name("pi", false) = syntax.form { return .column("pi") }
    let response = try ExpressionBuilder(text: text).rowwiseExpression(syntax)
    if let mean = response.groupMeans.first {
      throw error(.specialResponse(GroupMean.functions[mean.isDeviation ? 1 : 0]))
    }
    return response
  }

  /// The error for a column that `table` lacks, with the nearest name it has.
  package func errorForUnknownColumn(
    _ name: String, available: [String], in table: String
  ) -> FormulaError {
    let range = columnReferences.first { $0.name == name }?.range ?? 0..<0
    let nearest = Spelling.nearest(to: name, among: available)
    return FormulaError(
      text: text, range: range,
      .unknownColumn(name, table: table, nearest: nearest, available: available))
  }

  /// For a word around a random term that is none of those that are known.
  package func errorForUnknownStructure(
    _ structure: RandomTerm.StructureWord, known: [String]
  ) -> FormulaError {
    FormulaError(
      text: text, range: structure.range, .unknownStructure(structure.word, known: known))
  }

  /// For a word around a random term that it does not suit.
  package func errorForUnsuitableStructure(
    _ structure: RandomTerm.StructureWord, reason: String, remedy: String
  ) -> FormulaError {
    FormulaError(
      text: text, range: structure.range,
      .unsuitableStructure(structure.word, reason: reason, remedy: remedy))
  }
}
