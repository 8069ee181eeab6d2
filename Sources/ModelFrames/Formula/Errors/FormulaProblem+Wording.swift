// SPDX-License-Identifier: GPL-2.0-or-later

extension FormulaProblem {
  /// What is wrong; names are quoted and printable.
  var message: String {
    switch self {
    case .tooLong(let limit): "the formula is longer than \(limit) bytes"
    case .emptyName: "an empty name"
    case .unexpectedCharacter(let character): "unexpected character \(quoted(character))"
    case .assignment(let arrow): "\(quoted(arrow)) is an assignment in R"
    case .unknownOperator(let name): "unknown operator \(quoted(name))"
    case .badNumber(let number): "\(quoted(number)) is neither a number nor a name"
    case .badEscape(let escape): "unknown escape \(quoted(escape)) in quoted text"
    case .unclosedQuote(let quote): "the quote \(quote) is never closed"
    case .emptyFormula: "the formula is empty"
    case .missingResponse: "there is no response before \"~\""
    case .missingTilde: "there is no \"~\" after the response"
    case .missingTerms: "there are no terms after \"~\""
    case .secondTilde: "a second \"~\""
    case .nestedTilde: "\"~\" inside parentheses or an expression"
    case .unexpectedEnd: "the formula ends too early"
    case .missingOperand: "a variable, number or parenthesis is missing here"
    case .missingOperator: "an operator is missing here"
    case .singleEquals: "\"=\" is no operator"
    case .chainedComparison: "comparisons cannot be chained"
    case .unexpectedSymbol(let symbol): "unexpected \(quoted(symbol))"
    case .unclosedParenthesis: "this parenthesis is never closed"
    case .tooDeep(let limit): "nested more than \(limit) levels deep"
    case .longSum(let limit): "a sum of more than \(limit) numbers in one expression"
    case .dot: "\".\" cannot stand here"
    case .emptyDot: "\".\" stands for all other columns, and there are none"
    case .changeBesideBar: "terms cannot be added to a formula with absorbed factors, or dropped from it"
    case .absentTerm(let name, let formula):
      "\(quoted(name)) is no term of \(quoted(formula))"
    case .reservedWord(let word): "\(quoted(word)) is a reserved word of R, not a variable"
    case .numberAsTerm(let number): "\(RNumber.deparsed(number)) is no term"
    case .textAsTerm(let text): "the text \(quoted(text)) is no term"
    case .invalidPower: "the power of a term must be a whole number, 1 or more"
    case .emptyInteraction(let symbol): "one side of \(quoted(symbol)) has no term"
    case .tooManyTerms(let limit): "the formula expands to more than \(limit) terms"
    case .termOperatorInExpression(let symbol): "\(quoted(symbol)) has no meaning in arithmetic"
    case .responseAmongTerms(let name): "the response \(quoted(name)) is among the terms"
    case .andBetweenTerms: "\"&\" is the logical \"and\" of R, and neither side of it is a comparison"
    case .unknownFunction(let name, _): "unknown function \(quoted(name))"
    case .unsupportedFunction(let name, _): "\(name)() is not supported"
    case .wrongArguments(let function, let expected): "\(function)() takes \(expected)"
    case .specialInsideExpression(let name): "\(name)() cannot stand inside another expression"
    case .specialResponse(let name): "\(name)() cannot be the response"
    case .textInArithmetic: "text can only be compared, with == or !=, or follow %in%"
    case .doubledLogical(let symbol): "\(quoted(symbol)) compares single values in R"
    case .noColumn(let name): "\(quoted(name)) contains no variable"
    case .misplacedOffset: "offset() inside an interaction or another expression"
    case .subtractedOffset: "an offset cannot be subtracted"
    case .misplacedRandomTerm: "a random term inside a function, an interaction or another term"
    case .subtractedRandomTerm: "a random term cannot be subtracted"
    case .bareBar: "a random term without parentheses"
    case .randomResponse: "the response cannot be a random term"
    case .twoBars: "a random term with two bars"
    case .twoAbsorbingBars: "a second bar outside of parentheses"
    case .noAbsorbedFactor: "this is no factor to absorb"
    case .emptyRandomTerm: "this random term has neither an intercept nor a variable"
    case .structuredDoubleBar(let word): "two bars in \(word)(), which says what the correlations are"
    case .unknownStructure(let word, _): "no covariance structure is called \(quoted(word))"
    case .unsuitableStructure(let word, let reason, _):
      "\(word)(): \(printableText(reason, limit: 400))"
    case .groupingOperator(let symbol, _): "\(quoted(symbol)) in a grouping factor"
    case .groupingNoFactor(let name): "\(quoted(name)) is no grouping factor"
    case .repeatedGrouping(let name): "\(quoted(name)) stands twice in one grouping factor"
    case .residualShape: "this is no covariance structure of residuals"
    case .residualColumn: "visits, subjects and arms are columns"
    case .residualRepetition(let name): "\(quoted(name)) stands here twice"
    case .unknownColumn(let name, let table, _, _):
      "no variable \(quoted(name)) in \(printableText(table, limit: 200))"
    }
  }

  /// What to do about it, if that is not plain from the message.
  var suggestion: String? {
    switch self {
    case .unexpectedCharacter(let character): FormulaProblem.remedy(forCharacter: character)
    case .assignment(let arrow):
      arrow == "<-" ? "For \"less than minus\" write < - with a space." : nil
    case .unknownOperator: "Supported are %in%, %% and %/%."
    case .badNumber: "Put backquotes around a name that begins with a digit."
    case .emptyFormula, .missingResponse, .missingTilde, .missingTerms:
      "Write it as: response ~ terms + (1 | group)."
    case .longSum: "Add that sum as a column to the data."
    case .nestedTilde: "It stands once, between the response and the terms."
    case .missingOperator: "Terms are joined by +, : or *."
    case .singleEquals: "Compare with ==."
    case .chainedComparison: "Join two comparisons with &."
    case .dot:
      "It stands for all other columns of a table, in terms of the fixed part. Write the variables out; a column of that name needs backquotes."
    case .changeBesideBar: "Write the formula out."
    case .absentTerm: "Write it as it stands there, or write the formula out."
    case .reservedWord: "A column of that name needs backquotes."
    case .numberAsTerm: "1 is the intercept, 0 or -1 removes it; arithmetic goes inside I()."
    case .textAsTerm: "Variables are written without quotes, or in backquotes."
    case .invalidPower: "Arithmetic goes inside I(), as in I(x^2)."
    case .emptyInteraction: "Arithmetic goes inside I(), as in I(1/x)."
    case .termOperatorInExpression(":"): "Write the interaction outside of the function."
    case .andBetweenTerms:
      "Write an interaction as a:b, and a logical of two columns as I(a & b)."
    case .unknownFunction(let name, let known):
      Spelling.didYouMean(Spelling.nearest(to: name, among: known))
    case .unsupportedFunction(_, let hint), .groupingOperator(_, let hint): hint
    case .specialInsideExpression("factor"), .specialInsideExpression("relevel"): nil
    case .specialInsideExpression, .specialResponse: "Add such a column to the data."
    case .doubledLogical(let symbol): "Write \(symbol.prefix(1))."
    case .misplacedOffset: "Add it to the other terms: + offset(x)."
    case .misplacedRandomTerm, .subtractedRandomTerm:
      "Random terms are added: + (1 | group)."
    case .bareBar:
      "Put parentheses around it: (1 | group); to absorb a factor, write y ~ x | factor, or y ~ 0 | factor where there is nothing else."
    case .twoAbsorbingBars, .noAbsorbedFactor:
      "Write y ~ x + (1 | group) | a + b, with random terms before the bar and factors behind it."
    case .emptyRandomTerm: "Remove it, or write (1 | group)."
    case .structuredDoubleBar: "Write one bar."
    case .unknownStructure(_, let known):
      "There are \(known.dropLast().joined(separator: ", ")) and \(known.last ?? "")."
    case .unsuitableStructure(_, _, let remedy): remedy
    case .groupingNoFactor: "Write a column, factor(column), a:b or a/b."
    case .residualShape: "Write it as us(visit | subject), or us(visit | arm/subject)."
    case .residualColumn: "Write a column's name; add an interaction as a column to the data."
    case .unknownColumn(_, _, let nearest, let available):
      Spelling.didYouMean(nearest) ?? columnsFound(available)
    default: nil
    }
  }

  private static func remedy(forCharacter character: String) -> String? {
    switch character {
    case "“", "”", "„", "‘", "’": "Use straight quotes."
    case "−", "–", "—": "Use the ASCII minus sign, -."
    case "×", "·": "Use * or :."
    case "[", "$", "@", "{": "Indexing is not supported; add such a column to the data."
    case "_", "#": "Put backquotes around names with unusual characters."
    default: nil
    }
  }
}

/// `text` in quotes, fit for a terminal.
private func quoted(_ text: String) -> String { "\"" + DisplayCell.printable(text) + "\"" }
