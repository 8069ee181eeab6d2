// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct `Factors behind a bar` {
  @Test func `they are no random terms and no fixed ones`() throws {
    let formula = try Formula("y ~ x + (1 | school) | worker + firm:year")
    #expect(formula.absorbedFactors.map(\.name) == ["worker", "firm:year"])
    #expect(formula.randomTerms.map(\.groupName) == ["school"])
    #expect(formula.fixed.terms.map(formula.fixed.label) == ["x"])
    #expect(formula.columnReferences.map(\.name) == ["y", "x", "school", "worker", "firm", "year"])
  }

  @Test func `an intercept is there, said or not, so that factors are coded beside it`() throws {
    #expect(try Formula("y ~ 0 + f | g").fixed.hasIntercept)
    #expect(try Formula("y ~ 0 | g").fixed.terms.isEmpty)
    #expect(try !Formula("y ~ 0 + f + (1 | g)").fixed.hasIntercept)
  }

  @Test func `nested factors and repeated ones`() throws {
    #expect(try Formula("y ~ x | a/b + a").absorbedFactors.map(\.name) == ["b:a", "a"])
  }

  @Test func `more can be named`() throws {
    let one = try Formula("y ~ x + (1 | g)").absorbing(["a"])
    #expect(one.text == "y ~ x + (1 | g) | a")
    #expect(try one.absorbing(["b:c"]).absorbedFactors.map(\.name) == ["a", "b:c"])
    #expect(try one.absorbing([]).text == one.text)
    #expect(throws: FormulaError.self) { try one.absorbing(["(1 | h)"]) }
  }

  @Test(arguments: ["y ~ 1", "y ~ x + 1", "y ~ (x + 1)", "y ~ (1 | g) + 1"])
  func `beside a last 1 they are absorbed, too`(text: String) throws {
    let formula = try Formula(text).absorbing(["a", "b"])
    #expect(formula.absorbedFactors.map(\.name) == ["a", "b"])
    #expect(try Formula(formula.text).fixed.terms == Formula(text).fixed.terms)
    #expect(try formula.randomTerms.map(\.groupName) == Formula(text).randomTerms.map(\.groupName))
  }

  @Test(arguments: [
    (["a", "(1 | h)"], "absorbing, column 3: this is no factor", "\n    a,(1 | h)\n      ^^^^^^^"),
    (["a*b"], "absorbing, column 1: \"*\" in a grouping factor", "\n    a*b\n    ^^^"),
    (["a", "b", ""], "absorbing, column 5: a variable, number or parenthesis is missing", "\n    a,b,\n        ^"),
  ])
  func `what is none is shown as it was given, without a bar`(
    factors: [String], message: String, excerpt: String
  ) throws {
    for text in ["y ~ 1", "y ~ x + (1 | g)", "y ~ x | c"] {
      let error = #expect(throws: FormulaError.self) { try Formula(text).absorbing(factors) }
      let words = "\(error!)"
      #expect(words.hasPrefix(message) && words.hasSuffix(excerpt), "\(words)")
      #expect(words.contains("Name columns or their interactions, with commas between them"))
    }
  }
}
