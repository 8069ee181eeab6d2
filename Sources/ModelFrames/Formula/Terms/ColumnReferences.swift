// SPDX-License-Identifier: GPL-2.0-or-later

/// Finds where a formula names columns.
struct ColumnReferences {
  private var seen: Set<String> = []
  private var references: [(name: String, range: Range<Int>)] = []

  /// Each column once, with its first place, in order of appearance.
  static func all(in syntaxes: [Syntax]) -> [(name: String, range: Range<Int>)] {
    var collector = ColumnReferences()
    for syntax in syntaxes { collector.visit(syntax, isTerm: true) }
    return collector.references
  }

  /// Adds the columns of `syntax`; where `isTerm`, a bare `pi` is a column, not the constant.
  private mutating func visit(_ syntax: Syntax, isTerm: Bool) {
    switch syntax.form {
    case .number, .string: break
    case .name(let name, let isQuoted):
      let isColumn = isQuoted || !RName.reserved.contains(name) || (isTerm && name == "pi")
      if isColumn, seen.insert(name).inserted { references.append((name, syntax.range)) }
    case .parenthesized(let inner): visit(inner, isTerm: isTerm)
    case .unary(let symbol, let operand): visit(operand, isTerm: isTerm && symbol != .not)
    case .binary(let symbol, let left, let right):
      let joinsTerms = !symbol.isLogical || symbol == .within || symbol.precedence == 1
      visit(left, isTerm: isTerm && joinsTerms)
      visit(right, isTerm: isTerm && joinsTerms)
    case .sum(let summands):
      for summand in summands { visit(summand.operand, isTerm: isTerm) }
    case .call(let function, let arguments) where FormulaSplit.isStructured(function, arguments):
      visit(arguments[0].value, isTerm: isTerm)
    case .call(let function, let arguments):
      let isFactor = ["factor", "as.factor", "relevel"].contains(function)
      for argument in arguments { visit(argument.value, isTerm: isTerm && isFactor) }
    }
  }
}
