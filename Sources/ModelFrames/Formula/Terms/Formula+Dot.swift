// SPDX-License-Identifier: GPL-2.0-or-later

extension Formula {
  /// A `.` of the fixed part, which stands for all columns that have no other place.
  package struct Dot: Sendable {
    /// Characters of the formula.
    let range: Range<Int>
    /// Whether it is added to the other terms, so that it needs no parentheses.
    let isSummand: Bool
  }

  /// The formula with a table's columns in place of every `.`, in their order: all but the response, the
  /// grouping factors, offsets and those that are `used` elsewhere, as prior weights are.
  ///
  /// R counts grouping factors and weights among the columns as well.
  /// - Throws: `FormulaError` where no column is left, or one of the names cannot be a term.
  package func replacingDot(
    by columns: [String], besides used: Set<String>
  ) throws(FormulaError) -> Formula {
    guard let first = dots.first else { return self }
    let taken = used.union(response.columns).union(offsets.flatMap(\.columns))
      .union(randomTerms.flatMap { $0.grouping.flatMap(\.expression.columns) })
      .union(absorbedFactors.flatMap { $0.variables.flatMap(\.expression.columns) })
    var seen: Set<String> = []
    let others = columns.filter { !$0.isEmpty && !taken.contains($0) && seen.insert($0).inserted }
    guard !others.isEmpty else {
      throw FormulaError(text: text, range: first.range, .emptyDot)
    }
    let sum = others.map { Expression.column($0).deparsed }.joined(separator: " + ")
    var characters = Array(text)
    for dot in dots.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
      characters.replaceSubrange(dot.range, with: Array(dot.isSummand ? sum : "(" + sum + ")"))
    }
    return try Formula(String(characters))
  }

  /// - Throws: `FormulaError` for a formula with `.`, where there is no table to say what it means.
  package func requireNoDot() throws(FormulaError) {
    if let dot = dots.first { throw FormulaError(text: text, range: dot.range, .dot) }
  }

  /// Which of the dots are summands of the right-hand side.
  static func dots(_ ranges: [Range<Int>], in terms: Syntax) -> [Dot] {
    let syntax = terms.unparenthesized
    var summands = [syntax.range]
    if case .sum(let all) = syntax.form {
      summands = all.filter { !$0.isNegative }.map(\.operand.range)
    }
    return ranges.map { Dot(range: $0, isSummand: summands.contains($0)) }
  }
}
