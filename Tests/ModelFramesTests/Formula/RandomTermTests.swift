// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct RandomTermTests {
  /// Names of the grouping factors by lme4 1.1-31, in the order of `findbars()`.
  ///
  /// lme4 fails on the last four; there the name is what its rules would give.
  static let golden: [(text: String, names: [String])] = [
    ("(1|a/b)", ["b:a", "a"]),
    ("(x|a/b/f)", ["f:(b:a)", "b:a", "a"]),
    ("(1|a:b)", ["a:b"]),
    ("(1|`g g`)", ["g g"]),
    ("(1|`g g`:b)", ["`g g`:b"]),
    ("(1|b/`g g`)", ["`g g`:b", "b"]),
    ("(1|a/(b:f))", ["(b:f):a", "a"]),
    ("(1|a/b:f)", ["b:f:a", "a"]),
    ("(1|a:(b:f))", ["a:(b:f)"]),
    ("(1|a)+(0+x|a/b)+x", ["a", "b:a", "a"]),
    ("((1|a))", ["a"]),
    ("(1|a/b/f)+(1|b)", ["f:(b:a)", "b:a", "a", "b"]),
    ("(1|factor(a))", ["factor(a)"]),
    ("(1|factor(a)/b)", ["b:factor(a)", "factor(a)"]),
    ("(1|a:b/f)", ["f:(a:b)", "a:b"]),
    ("(1|(a/b))", ["b:a", "a"]),
  ]

  @Test(arguments: golden)
  func `grouping factors have lme4's names and order`(
    _ golden: (text: String, names: [String])
  ) throws {
    #expect(try Formula("y ~ \(golden.text)").randomTerms.map(\.groupName) == golden.names)
  }

  @Test func `the factors of an interaction follow its name`() throws {
    let terms = try Formula("y ~ (1 | a/b/factor(f))").randomTerms
    #expect(
      terms.map { $0.grouping.map(\.name) } == [["factor(f)", "b", "a"], ["b", "a"], ["a"]])
    #expect(terms[0].grouping[0].kind == .factor(column: "f", reference: nil))
  }

  @Test func `the left-hand side has an implicit intercept`() throws {
    let terms = try Formula("y ~ (1|a) + (x|b) + (0+x|c) + (x-1|d) + (x*f|e)").randomTerms
    #expect(terms.map(\.terms.hasIntercept) == [true, true, false, false, true])
    #expect(
      terms.map { term in term.terms.terms.map(term.terms.label) }
        == [[], ["x"], ["x"], ["x"], ["x", "f", "x:f"]])
  }

  @Test func `two bars make one diagonal term`() throws {
    let terms = try Formula("y ~ x + (1 + x || a/b) + (x | c)").randomTerms
    #expect(terms.map(\.isDiagonal) == [true, true, false])
    #expect(terms.map(\.groupName) == ["b:a", "a", "c"])
  }

  @Test func `random terms may stand anywhere in a sum`() throws {
    let formula = try Formula("y ~ (1|g) + a + (b + ((x|h)) + c) - 1")
    #expect(formula.randomTerms.map(\.groupName) == ["g", "h"])
    #expect(formula.fixed.variables.map(\.name) == ["a", "b", "c"])
    #expect(!formula.fixed.hasIntercept)
    #expect(formula.randomTerms.map(\.range) == [4..<9, 22..<27])
  }

  @Test func `a comparison may vary by group`() throws {
    let term = try #require(try Formula("y ~ (x > 0 & z > 1 | g)").randomTerms.first)
    #expect(term.terms.variables.map(\.name) == ["x > 0 & z > 1"])
  }

  @Test func `columns are listed once with their first place`() throws {
    let formula = try Formula("log(y) ~ x + I(x * `a b`) + offset(o) + (x | g/h)")
    #expect(formula.columnReferences.map(\.name) == ["y", "x", "a b", "o", "g", "h"])
    #expect(
      formula.columnReferences.map(\.range) == [4..<5, 9..<10, 19..<24, 35..<36, 45..<46, 47..<48])
  }
}
