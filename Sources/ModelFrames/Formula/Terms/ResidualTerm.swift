// SPDX-License-Identifier: GPL-2.0-or-later

/// What is said of the covariance matrix of a subject's residuals: `us(visit | subject)`, or
/// `us(visit | arm/subject)` with a matrix for every arm.
///
///     let term = try ResidualTerm("us(visit | subject)")
public struct ResidualTerm: Sendable, Hashable {
  /// As it was written.
  public let text: String
  /// The word for the structure of the matrix.
  public let word: String
  /// The column whose levels are the rows and columns of the matrix.
  public let visit: String
  /// The column that tells whose rows are correlated.
  public let subject: String
  /// The column that tells which matrix a subject has; nil: all have one.
  public let arm: String?
  /// Each column with its characters of `text`.
  private let places: [String: Range<Int>]
  private let wordRange: Range<Int>

  /// - Throws: `FormulaError` that names the place.
  public init(_ text: String) throws(FormulaError) {
    guard text.utf8.count <= Formula.maximumLength else {
      throw FormulaError(
        text: String(text.prefix(200)), range: 0..<0, .tooLong(limit: Formula.maximumLength))
    }
    func error(_ syntax: Syntax, _ problem: FormulaProblem) -> FormulaError {
      FormulaError(text: text, range: syntax.range, problem)
    }
    func column(_ syntax: Syntax) throws(FormulaError) -> String {
      switch syntax.unparenthesized.form {
      case .name(let name, _): return name
      case .call("factor", let arguments) where arguments.count == 1 && arguments[0].name == nil:
        guard case .name(let name, _) = arguments[0].value.form else { break }
        return name
      default: break
      }
      throw error(syntax, .residualColumn)
    }
    let whole = try Parser.expression(of: text)
    guard case .call(let word, let arguments) = whole.form, arguments.count == 1,
      arguments[0].name == nil, let bar = arguments[0].value.unparenthesized.bar, !bar.isDouble
    else { throw error(whole, .residualShape) }
    var grouping = bar.right.unparenthesized
    var arm: Syntax?
    if case .binary(.divided, let left, let right) = grouping.form { (arm, grouping) = (left, right) }
    let (visit, subject) = (try column(bar.left), try column(grouping))
    let armName = try arm.map { (syntax) throws(FormulaError) in try column(syntax) }
    var places = [visit: bar.left.range]
    for (name, syntax) in [(subject, grouping)] + (arm.map { [(armName!, $0)] } ?? []) {
      guard places.updateValue(syntax.range, forKey: name) == nil else {
        throw error(syntax, .residualRepetition(name))
      }
    }
    (self.text, self.word) = (text, word)
    (self.visit, self.subject, self.arm) = (visit, subject, armName)
    self.places = places
    wordRange = whole.range.lowerBound..<whole.range.lowerBound + word.count
  }

  /// The columns: visit, subject, arm.
  package var columns: [String] { [visit, subject] + (arm.map { [$0] } ?? []) }

  /// `arm/subject`, or the subject alone.
  public var grouping: String { (arm.map { $0 + "/" } ?? "") + subject }

  /// The error for a column that `table` lacks, with the nearest name it has.
  package func errorForUnknownColumn(
    _ name: String, available: [String], in table: String
  ) -> FormulaError {
    let nearest = Spelling.nearest(to: name, among: available)
    return FormulaError(
      text: text, range: places[name] ?? 0..<0,
      .unknownColumn(name, table: table, nearest: nearest, available: available))
  }

  /// For a word that is none of those that are known.
  package func errorForUnknownStructure(known: [String]) -> FormulaError {
    FormulaError(text: text, range: wordRange, .unknownStructure(word, known: known))
  }
}
