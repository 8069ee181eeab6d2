// SPDX-License-Identifier: GPL-2.0-or-later

/// A grouping factor: a factor or an interaction of factors, with lme4's name.
struct Grouping {
  let variables: [Variable]
  /// lme4's deparse: a lone column has no backquotes.
  let name: String
  /// `name` as it stands inside an interaction.
  private let operand: String

  private init(_ variables: [Variable], name: String, operand: String) {
    self.variables = variables
    self.name = name
    self.operand = operand
  }

  /// The factors of the right-hand side of a bar; `a/b/c` gives c:(b:a), b:a and a.
  static func groupings(
    of syntax: Syntax, text: String, response: Expression
  ) throws(FormulaError) -> [Grouping] {
    var inner: [Syntax] = []
    var outermost = syntax.unparenthesized
    while case .binary(.divided, let left, let right) = outermost.form {
      inner.append(right)
      outermost = left.unparenthesized
    }
    let reader = Reader(text: text, response: response)
    var result = [try reader.grouping(outermost)]
    for syntax in inner.reversed() {
      let factor = try reader.grouping(syntax)
      result.append(.init(factor, inside: result[result.count - 1]))
      try reader.checkRepetition(result[result.count - 1], at: syntax)
    }
    return result.reversed()
  }

  private init(_ inner: Grouping, inside outer: Grouping) {
    let right = outer.variables.count > 1 ? outer.parenthesized : outer.operand
    let name = inner.operand + ":" + right
    self.init(inner.variables + outer.variables, name: name, operand: name)
  }

  private var parenthesized: String { operand.hasPrefix("(") ? operand : "(" + operand + ")" }
}

extension Grouping {
  private struct Reader {
    let text: String
    let response: Expression

    private func error(_ problem: FormulaProblem, at syntax: Syntax) -> FormulaError {
      FormulaError(text: text, range: syntax.range, problem)
    }

    func checkRepetition(_ grouping: Grouping, at syntax: Syntax) throws(FormulaError) {
      var seen: Set<Variable> = []
      for variable in grouping.variables where !seen.insert(variable).inserted {
        throw error(.repeatedGrouping(variable.name), at: syntax)
      }
    }

    func grouping(_ syntax: Syntax) throws(FormulaError) -> Grouping {
      let grouping = try interaction(syntax)
      try checkRepetition(grouping, at: syntax)
      return grouping
    }

    private func interaction(_ syntax: Syntax) throws(FormulaError) -> Grouping {
      switch syntax.form {
      case .parenthesized(let inner):
        let grouping = try interaction(inner)
        if grouping.variables.count == 1 { return grouping }
        let name = "(" + grouping.operand + ")"
        return Grouping(grouping.variables, name: name, operand: name)
      case .binary(.interaction, let left, let right):
        let (first, second) = (try interaction(left), try interaction(right))
        let name = first.operand + ":" + second.operand
        return Grouping(first.variables + second.variables, name: name, operand: name)
      case .binary(let symbol, _, _):
        throw error(.groupingOperator(symbol.rawValue, hint: hint(for: symbol)), at: syntax)
      case .sum: throw error(.groupingOperator("+", hint: hint(for: .plus)), at: syntax)
      default: return try factor(syntax)
      }
    }

    private func factor(_ syntax: Syntax) throws(FormulaError) -> Grouping {
      if case .number(let value) = syntax.form {
        throw error(.groupingNoFactor(RNumber.deparsed(value)), at: syntax)
      }
      let variable = try VariableBuilder(text: text).variable(syntax)
      if variable.expression == response {
        throw error(.responseAmongTerms(variable.name), at: syntax)
      }
      switch variable.expression {
      case .column(let name):
        return Grouping([variable], name: name, operand: variable.name)
      default:
        guard case .factor = variable.kind else {
          throw error(.groupingNoFactor(variable.name), at: syntax)
        }
        return Grouping([variable], name: variable.name, operand: variable.name)
      }
    }

    private func hint(for symbol: BinaryOperator) -> String {
      switch symbol {
      case .and: "Write (1 | a:b)."
      case .times: "Write (1 | a) + (1 | b) + (1 | a:b)."
      case .plus: "Write (1 | a) + (1 | b)."
      case .within: "Write (1 | b/a), or (1 | a:b)."
      case .divided: "Write a/b/c without parentheses, or a:b."
      case .or, .doubleOr: "Write one bar in one pair of parentheses."
      default: "Write a column, factor(column), a:b or a/b."
      }
    }
  }
}
