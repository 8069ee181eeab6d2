// SPDX-License-Identifier: GPL-2.0-or-later

/// A factor with a fixed effect for every level that is taken out of the model and not reported: one of
/// the summands behind the bar of `y ~ x + (1 | g) | a + b`.
public struct AbsorbedFactor: Sendable, Hashable {
  /// The factors whose combinations are the levels, in the order of the name.
  public let variables: [Variable]
  /// As grouping factors are named: "a", "a:b".
  public let name: String
  /// Whether it is a term of the fixed part that only is solved for as absorbed factors are, see
  /// `Formula.settingApart`.
  package var isReported = false
  /// What every level has an effect of: the constant, or of the term `f:x` the number x.
  package var columns = ModelTerms(hasIntercept: true)
}

extension AbsorbedFactor {
  /// Takes the factors behind the bar off the right-hand side of a formula.
  ///
  /// Whoever writes `x + 1 | g` means a random term and has forgotten its parentheses.
  static func split(
    _ terms: Syntax, text: String, response: Expression
  ) throws(FormulaError) -> (rest: Syntax, factors: [AbsorbedFactor]) {
    guard let bar = terms.bar else { return (terms, []) }
    func error(_ problem: FormulaProblem, at syntax: Syntax) -> FormulaError {
      FormulaError(text: text, range: syntax.range, problem)
    }
    if bar.isDouble || bar.left.lastOne != nil { throw error(.bareBar, at: terms) }
    if bar.left.bar != nil { throw error(.twoAbsorbingBars, at: terms) }
    var factors: [AbsorbedFactor] = []
    for summand in bar.right.summands {
      if summand.isNegative || summand.operand.unparenthesized.bar != nil {
        throw error(.noAbsorbedFactor, at: summand.operand)
      }
      for grouping in try Grouping.groupings(of: summand.operand, text: text, response: response) {
        let factor = AbsorbedFactor(variables: grouping.variables, name: grouping.name)
        if !factors.contains(where: { Set($0.variables) == Set(factor.variables) }) {
          factors.append(factor)
        }
      }
    }
    return (bar.left, factors)
  }
}

extension Syntax {
  fileprivate var summands: [Summand] {
    if case .sum(let summands) = unparenthesized.form { return summands }
    return [Summand(isNegative: false, operand: self)]
  }

  /// The last summand where it is the number 1.
  fileprivate var lastOne: Syntax? {
    guard let last = summands.last, !last.isNegative, case .number(1) = last.operand.form else { return nil }
    return last.operand
  }
}

extension Formula {
  /// The same with further factors absorbed.
  ///
  /// - Parameter factors: Such as "a", "a:b".
  /// - Throws: `FormulaError` that shows the factors, with commas between them.
  public func absorbing(_ factors: [String]) throws(FormulaError) -> Formula {
    guard !factors.isEmpty else { return self }
    let start = try absorbedFactors.isEmpty ? textWithoutLastOne() + " | " : text + " + "
    do {
      return try Formula(start + factors.joined(separator: Self.joint))
    } catch {
      throw error.ofAbsorbed(factors, joint: Self.joint, from: start.count)
    }
  }

  private static let joint = " + "

  /// Before a bar a last 1 would be taken for a random term without parentheses; absorbed levels have the intercept
  /// whatever stands there.
  private func textWithoutLastOne() throws(FormulaError) -> String {
    guard let one = try Parser.sides(of: text).terms.lastOne else { return text }
    var characters = Array(text)
    characters.replaceSubrange(one.range, with: "0")
    return String(characters)
  }
}

extension FormulaError {
  /// The same of a list of factors that somebody has given beside the formula; of the formula itself as it is.
  fileprivate func ofAbsorbed(_ factors: [String], joint: String, from start: Int) -> FormulaError {
    guard range.lowerBound >= start else { return self }
    /// Of the list with commas.
    func place(_ joined: Int) -> Int {
      var (rest, place) = (joined, 0)
      for factor in factors {
        if rest <= factor.count { return place + rest }
        rest = max(rest - factor.count - joint.count, 0)
        place += factor.count + 1
      }
      return factors.joined(separator: ",").count
    }
    return FormulaError(
      text: factors.joined(separator: ","), range: place(range.lowerBound - start)..<place(range.upperBound - start),
      isOfAbsorbed: true, message: message,
      suggestion: "Name columns or their interactions, with commas between them: a,b or a,b:c.")
  }
}

extension ModelTerms {
  /// The same terms beside an intercept.
  var withIntercept: ModelTerms {
    ModelTerms(hasIntercept: true, variables: variables, terms: terms)
  }
}
