// SPDX-License-Identifier: GPL-2.0-or-later

extension Formula {
  /// The formula with more terms, `z + (1 | h)`, as R's `update(formula, . ~ . + z + (1 | h))`.
  ///
  /// - Throws: `FormulaError`.
  public func adding(_ terms: String) throws(FormulaError) -> Formula {
    try requireNoBar()
    _ = try Formula("\(try responseText())~ \(terms)")  // says what is wrong with the terms alone
    return try Formula("\(text) + \(terms)")
  }

  /// The formula without some of its terms, `x + (1 | g)`; `1` is the intercept.
  ///
  /// - Throws: `FormulaError` for a term that it does not have.
  public func dropping(_ terms: String) throws(FormulaError) -> Formula {
    try requireNoBar()
    let response = try responseText()
    let dropped = try Formula("\(response)~ 0 + \(terms)")
    func error(_ name: String) -> FormulaError {
      let place = dropped.text.count - terms.count
      return FormulaError(
        text: dropped.text, range: place..<dropped.text.count, .absentTerm(name, formula: text))
    }
    let kept = try summands(without: dropped.randomTerms, error)
    var minus: [String] = []
    let own = Set(fixed.expressions)
    for (k, term) in dropped.fixed.expressions.enumerated() {
      let label = dropped.fixed.label(of: dropped.fixed.terms[k])
      guard own.contains(term) || !dots.isEmpty else { throw error(label) }
      minus.append(label)
    }
    if dropped.fixed.hasIntercept {
      guard fixed.hasIntercept else { throw error("1") }
      minus.append("1")
    }
    let wanted = try Self.formula(response, kept.map(\.text), minus: minus)
    // Among the columns of a dot is what was dropped.
    guard dots.isEmpty else { return wanted }
    // `y ~ x` and not `y ~ x + z - z`, where that is the same.
    let plain = kept.filter { summand in !minus.contains { $0 == summand.operand } }
    let lacking = dropped.fixed.hasIntercept ? ["1"] : []
    if let simple = try? Self.formula(response, plain.map(\.text), minus: lacking),
      simple.fixed.hasIntercept == wanted.fixed.hasIntercept,
      Set(simple.fixed.expressions) == Set(wanted.fixed.expressions)
    {
      return simple
    }
    return wanted
  }

  /// What would be added stands behind the bar of absorbed factors.
  private func requireNoBar() throws(FormulaError) {
    guard absorbedFactors.isEmpty else {
      throw FormulaError(text: text, range: 0..<text.count, .changeBesideBar)
    }
  }

  /// What stands before `~`.
  private func responseText() throws(FormulaError) -> String {
    String(Array(text)[..<(try Parser.sides(of: text).response.range.upperBound)]) + " "
  }

  private static func formula(
    _ response: String, _ summands: [String], minus: [String]
  ) throws(FormulaError) -> Formula {
    var terms = summands.joined(separator: " ")
    if terms.hasPrefix("+ ") { terms.removeFirst(2) }
    if terms.isEmpty { terms = "1" }
    return try Formula(response + "~ " + terms + minus.map { " - " + $0 }.joined())
  }

  private struct Part {
    /// With its sign.
    let text: String
    let operand: String
  }

  /// The summands of the right-hand side but those that are random terms to be dropped.
  private func summands(
    without dropped: [RandomTerm], _ error: (String) -> FormulaError
  ) throws(FormulaError) -> [Part] {
    let terms = try Parser.sides(of: text).terms
    var all = [Syntax.Summand(isNegative: false, operand: terms)]
    if case .sum(let summands) = terms.form { all = summands }
    let characters = Array(text)
    var rest = dropped
    var parts: [Part] = []
    for summand in all {
      let range = summand.operand.range
      let inside = randomTerms.filter { range.contains($0.range.lowerBound) }
      let matching = inside.filter { term in rest.contains { $0.isSameTerm(as: term) } }
      if !inside.isEmpty, inside.count == matching.count, inside.allSatisfy({ $0.range == inside[0].range }) {
        rest.removeAll { term in inside.contains { $0.isSameTerm(as: term) } }
        continue
      }
      let operand = String(characters[range])
      parts.append(Part(text: (summand.isNegative ? "- " : "+ ") + operand, operand: operand))
    }
    if let left = rest.first {
      throw error("(… | \(left.groupName))")
    }
    return parts
  }
}

extension ModelTerms {
  /// Every term as the set of its variables.
  fileprivate var expressions: [Set<Expression>] {
    terms.map { Set($0.map { variables[$0].expression }) }
  }
}

extension RandomTerm {
  /// Wherever they stand.
  fileprivate func isSameTerm(as other: RandomTerm) -> Bool {
    terms == other.terms && grouping == other.grouping && isDiagonal == other.isDiagonal
      && structure?.word == other.structure?.word
      && structure?.isHomogeneous == other.structure?.isHomogeneous
  }
}
