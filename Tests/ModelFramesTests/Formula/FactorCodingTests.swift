// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

/// A formula and the codings of R 4.2.2.
///
/// They are the matrix `factors` of `terms()` by columns (1 contrasts, 2 indicators), after the
/// rule of `model.matrix()` for
/// formulas without an intercept. A dot stands for a numeric variable.
struct CodedFormula: Sendable, CustomTestStringConvertible {
  let formula: String
  let codings: String
  var testDescription: String { formula }

  init(_ formula: String, _ codings: String) {
    self.formula = formula
    self.codings = codings
  }

  static let all: [CodedFormula] = [
    .init("y~f+g", "1 1"),
    .init("y~f*g", "1 1 11"),
    .init("y~f:g", "22"),
    .init("y~f+f:g", "1 21"),
    .init("y~g+f:g", "1 21"),
    .init("y~0+f", "2"),
    .init("y~0+f*g", "2 1 11"),
    .init("y~0+f:g", "22"),
    .init("y~x+f:x", ". .1"),
    .init("y~f:x", "2."),
    .init("y~0+x+f:x", ". .2"),
    .init("y~0+x+f", ". 2"),
    .init("y~f/x", "1 2."),
    .init("y~f/x-1", "2 2."),
    .init("y~f*g*h", "1 1 1 11 11 11 111"),
    .init("y~f*g*h-f:g", "1 1 1 11 11 112"),
    .init("y~f:g+f:h", "22 21"),
    .init("y~f:g+f:h+f", "1 21 21"),
    .init("y~f*g-f", "1 12"),
    .init("y~f*g-g", "1 21"),
    .init("y~0+x:f+g", "2 .2"),
    .init("y~f:g:h", "222"),
    .init("y~h+f:g:h+f:g", "1 22 122"),
    .init("y~x*f*g-x", "1 1 .2 .1 11 .11"),
  ]
}

@Suite struct FactorCodingTests {
  @Test(arguments: CodedFormula.all)
  func `factors are coded as R codes them`(_ golden: CodedFormula) throws {
    let fixed = try Formula(golden.formula).fixed
    let isFactor = fixed.variables.map { $0.name != "x" }
    let codings = zip(fixed.terms, fixed.codings(isFactor: isFactor)).map { term, codings in
      zip(term, codings).map { variable, coding in
        isFactor[variable] ? (coding == .contrasts ? "1" : "2") : "."
      }.joined()
    }
    #expect(codings.joined(separator: " ") == golden.codings)
  }
}
