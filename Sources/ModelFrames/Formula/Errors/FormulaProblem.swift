// SPDX-License-Identifier: GPL-2.0-or-later

/// Everything that can be wrong with a formula; the wording is in FormulaProblem+Wording.swift.
enum FormulaProblem {
  // Characters and tokens
  case tooLong(limit: Int)
  case emptyName
  case unexpectedCharacter(String)
  case assignment(String)
  case unknownOperator(String)
  case badNumber(String)
  case badEscape(String)
  case unclosedQuote(String)
  // Shape
  case emptyFormula, missingResponse, missingTilde, missingTerms, secondTilde, nestedTilde
  case unexpectedEnd, missingOperand, missingOperator, singleEquals, chainedComparison
  case unexpectedSymbol(String)
  case unclosedParenthesis
  case tooDeep(Int)
  case longSum(limit: Int)
  // Terms
  case dot, emptyDot
  case changeBesideBar
  case absentTerm(String, formula: String)
  case reservedWord(String)
  case numberAsTerm(Double)
  case textAsTerm(String)
  case invalidPower
  case emptyInteraction(String)
  case tooManyTerms(limit: Int)
  case termOperatorInExpression(String)
  case responseAmongTerms(String)
  case andBetweenTerms
  // Variables
  case unknownFunction(String, known: [String])
  case unsupportedFunction(String, hint: String)
  case wrongArguments(function: String, expected: String)
  case specialInsideExpression(String)
  case specialResponse(String)
  case textInArithmetic
  case doubledLogical(String)
  case noColumn(String)
  case misplacedOffset, subtractedOffset
  // Random terms
  case misplacedRandomTerm, subtractedRandomTerm, bareBar, randomResponse, twoBars
  case emptyRandomTerm, structuredDoubleBar(String)
  // Absorbed factors
  case twoAbsorbingBars, noAbsorbedFactor
  case unknownStructure(String, known: [String])
  case unsuitableStructure(String, reason: String, remedy: String)
  case groupingOperator(String, hint: String)
  case groupingNoFactor(String)
  case repeatedGrouping(String)
  // Covariances of residuals
  case residualShape, residualColumn, residualRepetition(String)
  // Binding
  case unknownColumn(String, table: String, nearest: String?, available: [String])
}
