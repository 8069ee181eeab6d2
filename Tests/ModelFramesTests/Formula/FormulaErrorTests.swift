// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct FormulaErrorTests {
  private func report(_ text: String) -> String {
    do throws(FormulaError) {
      _ = try Formula(text)
      return "no error"
    } catch {
      return error.description
    }
  }

  @Test func `an unknown column is shown with the nearest name`() throws {
    let formula = try Formula("reaction ~ 1 + day + (1 | subject)")
    let error = formula.errorForUnknownColumn(
      "day", available: ["reaction", "Days", "subject"], in: "sleepstudy.csv")
    #expect(
      error.description == """
        formula, column 16: no variable "day" in sleepstudy.csv. Did you mean "Days"?
            reaction ~ 1 + day + (1 | subject)
                           ^^^
        """)
  }

  @Test(arguments: [
    ("reaction", "Reaction"), ("DAYS", "days"), ("dyas", "days"), ("subjct", "subject"),
    ("day", "Days"),
  ])
  func `slips and other case are recognised`(name: String, column: String) throws {
    let error = try Formula("y ~ \(name)").errorForUnknownColumn(
      name, available: ["zzz", column, "unrelated"], in: "a.csv")
    #expect(error.suggestion == "Did you mean \"\(column)\"?")
  }

  @Test func `where no name is near, all are listed`() throws {
    let error = try Formula("y ~ x").errorForUnknownColumn(
      "x", available: ["y", "z", "weight"], in: "a.csv")
    #expect(error.suggestion == "The columns are y, z, weight.")
  }

  /// Formulas, the characters the caret marks, and the beginning of the message.
  @Test(arguments: [
    ("", 0..<0, "the formula is empty"),
    ("   ", 3..<3, "the formula is empty"),
    ("y", 1..<1, "there is no \"~\""),
    ("~ x", 0..<1, "there is no response"),
    ("y ~ ", 4..<4, "there are no terms"),
    ("y ~ x ~ z", 6..<7, "a second \"~\""),
    ("y ~ (x ~ z)", 7..<8, "\"~\" inside parentheses"),
    ("(1 | g) ~ x", 1..<6, "the response cannot be a random term"),
    ("y ~ x +", 7..<7, "a variable, number or parenthesis is missing"),
    ("y ~ x + * z", 8..<9, "a variable, number or parenthesis is missing"),
    ("y ~ x z", 6..<7, "an operator is missing"),
    ("y ~ (x + z", 4..<5, "this parenthesis is never closed"),
    ("y ~ x)", 5..<6, "unexpected \")\""),
    ("y ~ `ab + x", 4..<5, "the quote ` is never closed"),
    ("y ~ ``", 4..<6, "an empty name"),
    ("y ~ x[1]", 5..<6, "unexpected character \"[\""),
    ("y ~ I(x <- 1)", 8..<10, "\"<-\" is an assignment"),
    ("y ~ x %foo% z", 6..<11, "unknown operator \"%foo%\""),
    ("y ~ 2x", 4..<6, "\"2x\" is neither a number nor a name"),
    ("y ~ 2 + x", 4..<5, "2 is no term"),
    ("y ~ 'x'", 4..<7, "the text \"x\" is no term"),
    ("y ~ x + (. | g)", 9..<10, "\".\" cannot stand here"),
    ("y ~ NULL", 4..<8, "\"NULL\" is a reserved word"),
    ("y ~ x^2.5", 6..<9, "the power of a term"),
    ("y ~ x^0", 6..<7, "the power of a term"),
    ("y ~ x^z", 6..<7, "the power of a term"),
    ("y ~ 1/x", 4..<7, "one side of \"/\" has no term"),
    ("y ~ 1*x", 4..<7, "one side of \"*\" has no term"),
    ("y ~ -a:b", 4..<8, "one side of \":\" has no term"),
    ("y ~ x:1", 4..<7, "one side of \":\" has no term"),
    ("y ~ I(a:b)", 6..<9, "\":\" has no meaning in arithmetic"),
    ("y ~ x + y", 8..<9, "the response \"y\" is among the terms"),
    ("y ~ (y | g)", 5..<6, "the response \"y\" is among the terms"),
    ("y ~ sqr(x)", 4..<7, "unknown function \"sqr\""),
    ("y ~ ordered(x)", 4..<11, "ordered() is not supported"),
    ("y ~ I(scale(x)^2)", 6..<11, "scale() cannot stand inside"),
    ("scale(y) ~ x", 0..<8, "scale() cannot be the response"),
    ("y ~ log()", 4..<9, "log() takes"),
    ("y ~ log(x, 2, 3)", 4..<16, "log() takes"),
    ("y ~ poly(x, 0)", 4..<14, "poly() takes"),
    ("y ~ poly(x, z, 2)", 4..<17, "poly() takes"),
    ("y ~ relevel(f, ref = 2)", 4..<23, "relevel() takes"),
    ("y ~ factor(x, levels = 2)", 4..<25, "factor() takes"),
    ("y ~ I('a')", 6..<9, "text can only be compared"),
    ("y ~ I(f < 'a')", 10..<13, "text can only be compared"),
    ("y ~ I(a && b)", 6..<12, "\"&&\" compares single values"),
    ("y ~ I(a || b)", 6..<12, "\"||\" compares single values"),
    ("y ~ I(1 < x < 2)", 12..<13, "comparisons cannot be chained"),
    ("y ~ I(x = 2)", 4..<12, "I() takes one expression"),
    ("y ~ (x = 2)", 7..<8, "\"=\" is no operator"),
    ("y ~ log(2)", 4..<10, "\"log(2)\" contains no variable"),
    ("1 ~ x", 0..<1, "\"1\" contains no variable"),
    ("y ~ x * offset(z)", 8..<14, "offset() inside an interaction"),
    ("y ~ x - offset(z)", 8..<17, "an offset cannot be subtracted"),
    ("y ~ x - (1|g)", 8..<13, "a random term cannot be subtracted"),
    ("y ~ x:(1|g)", 6..<11, "a random term inside"),
    ("y ~ log((1|g))", 8..<13, "a random term inside"),
    ("y ~ I((1|g))", 7..<10, "a random term inside"),
    ("y ~ x + 1|g", 4..<11, "a random term without parentheses"),
    ("y ~ (1|g|h)", 5..<10, "a random term with two bars"),
    ("y ~ x | a | b", 4..<13, "a second bar outside of parentheses"),
    ("y ~ x || a", 4..<10, "a random term without parentheses"),
    ("y ~ x | a - b", 12..<13, "this is no factor to absorb"),
    ("y ~ x | a + (1 | g)", 12..<19, "this is no factor to absorb"),
    ("y ~ x | a*b", 8..<11, "\"*\" in a grouping factor"),
    ("y ~ (0|g)", 5..<6, "this random term has neither"),
    ("y ~ (1|a*b)", 7..<10, "\"*\" in a grouping factor"),
    ("y ~ (1|a+b)", 7..<10, "\"+\" in a grouping factor"),
    ("y ~ (1|1)", 7..<8, "\"1\" is no grouping factor"),
    ("y ~ (1|log(a))", 7..<13, "\"log(a)\" is no grouping factor"),
    ("y ~ (1|a:a)", 7..<10, "\"a\" stands twice"),
    ("y ~ a & b", 4..<9, "\"&\" is the logical"),
    ("y ~ 1 + a + a&b + (1|g)", 4..<23, "\"&\" is the logical"),
    ("y ~ (1|a&b)", 7..<10, "\"&\" in a grouping factor"),
    ("y ~ (a&b|g)", 5..<8, "\"&\" is the logical"),
    ("y ~ C(f)", 4..<5, "C() is not supported"),
    ("y ~ (1|C(g))", 7..<8, "C() is not supported"),
    ("y ~ x + zerocorr(1 + x|g)", 8..<16, "zerocorr() is not supported"),
  ])
  func `the caret is at the fault`(text: String, range: Range<Int>, message: String) {
    let error = #expect(throws: FormulaError.self, "\(text)") { try Formula(text) }
    #expect(error?.range == range, "\(error?.description ?? "")")
    #expect(error?.message.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test func `an unknown function gets a suggestion`() {
    #expect(report("y ~ sqr(x)").contains("Did you mean \"sqrt\"?"))
    #expect(report("y ~ Log(x)").contains("Did you mean \"log\"?"))
    #expect(report("y ~ ordered(x)").contains(#"FitOptions.contrasts["COLUMN"] = .polynomial"#))
  }

  @Test func `what other programs write differently is told in R's spelling`() {
    #expect(report("y ~ a & b").contains("a:b"))
    #expect(report("y ~ (1 | a & b)").contains("(1 | a:b)"))
    #expect(report("y ~ x + zerocorr(1 + x | g)").contains("(x || group)"))
    #expect(report("y ~ C(f)").contains("factor(x)"))
    #expect(report("y ~ C(f, Sum)").contains("FitOptions.contrasts"))
  }

  @Test func `wide and combining characters do not misplace the caret`() {
    #expect(
      report("y ~ 体重 + e\u{301}t + *").hasSuffix(
        "\n    y ~ 体重 + e\u{301}t + *\n" + "                    ^"))
  }

  @Test func `tabs and control characters are shown as one line`() {
    #expect(
      report("y\t~ \u{1B}[31mx").hasSuffix(
        "column 5: unexpected character \"\\u{1B}\"\n    y ~ \\u{1B}[31mx\n        ^^^^^^"))
  }

  @Test func `only the line concerned of a long formula is shown`() {
    #expect(
      report("y ~ x +\n  a +\n  b c") == """
        formula, line 3, column 5: an operator is missing here. Terms are joined by +, : or *.
              b c
                ^
        """)
  }

  @Test func `only a window of a long line is shown`() throws {
    let names = (1...50).map { "variable\($0)" }.joined(separator: " + ")
    let lines = report("y ~ \(names) + * + \(names)").split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[1].count <= 80)
    let caret = try #require(Array(lines[2]).firstIndex(of: "^"))
    #expect(Array(lines[1])[caret] == "*")
  }

  @Test func `nesting, length and chains are limited`() {
    let deep = String(repeating: "(", count: 99_000)
    #expect(report("y ~ " + deep).contains("nested more than 200 levels deep"))
    #expect(report("y ~ " + String(repeating: "-", count: 99_000)).contains("nested more"))
    #expect(report("y ~ x" + String(repeating: ":x", count: 40_000)).contains("nested more"))
    #expect(report("y ~ x" + String(repeating: "^x", count: 40_000)).contains("nested more"))
    #expect(
      report("y ~ I(x" + String(repeating: "+x", count: 40_000) + ")").contains("more than 300"))
    let sums =
      String(repeating: "(", count: 90) + "x"
      + String(repeating: String(repeating: "+x", count: 250) + ")", count: 90)
    #expect(report("y ~ I(\(sums))").contains("more than 300"))
    #expect(report("y ~ " + String(repeating: "log(", count: 20_000)).contains("nested more"))
    #expect(report("y ~ " + String(repeating: "x", count: 100_000)).contains("longer than 100000"))
  }
}
