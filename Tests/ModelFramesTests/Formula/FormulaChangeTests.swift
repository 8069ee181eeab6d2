// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct `Changes of formulas` {
  private let columns = ["y", "x", "", "g", "a b", "w", "z"]

  @Test(arguments: [
    ("y ~ . + (1 | g)", "y ~ x + `a b` + z + (1 | g)"),
    ("y ~ . - x + (1 | g)", "y ~ x + `a b` + z - x + (1 | g)"),
    ("log(y) ~ .:x + (z | g)", "log(y) ~ (x + `a b` + z):x + (z | g)"),
    ("y ~ .^2 + offset(z) + (1 | g)", "y ~ (x + `a b`)^2 + offset(z) + (1 | g)"),
    ("y ~ (1 | g) + .", "y ~ (1 | g) + x + `a b` + z"),
  ])
  func `a dot is all columns without another place`(_ text: String, _ expected: String) throws {
    let formula = try Formula(text).replacingDot(by: columns, besides: ["w"])
    #expect(formula.text == expected)
    #expect(throws: Never.self) { try formula.requireNoDot() }
  }

  @Test func `a dot that means nothing is an error`() throws {
    let formula = try Formula("y ~ . + (1 | g)")
    #expect(throws: FormulaError.self) { try formula.requireNoDot() }
    let error = #expect(throws: FormulaError.self) {
      try formula.replacingDot(by: ["y", "g"], besides: [])
    }
    #expect(error?.message == "\".\" stands for all other columns, and there are none")
    #expect(error?.range == 4..<5)
    for text in ["y ~ log(.) + (1 | g)", "y ~ x + (. | g)", ". ~ x + (1 | g)", "y ~ x + (1 | .)"] {
      #expect(throws: FormulaError.self, "\(text)") { try Formula(text) }
    }
  }

  @Test func `terms are added`() throws {
    #expect(try Formula("y ~ x + (1 | g)").adding("z + (1 | h)").text == "y ~ x + (1 | g) + z + (1 | h)")
    #expect(throws: FormulaError.self) { try Formula("y ~ x + (1 | g)").adding("z +") }
  }

  @Test(arguments: [
    ("y ~ x + z + (1 | g)", "x", "y ~ z + (1 | g)"),
    ("y ~ x + z + (1 | g)", "z + x", "y ~ (1 | g)"),
    ("y ~ x * z + (1 | g)", "x:z", "y ~ x * z + (1 | g) - x:z"),
    ("y ~ x + z + x:z + (1 | g)", "z:x", "y ~ x + z + x:z + (1 | g) - z:x"),
    ("y ~ x + (x | g) + (1 | h)", "(1 | h)", "y ~ x + (x | g)"),
    ("y ~ (x | g) + x + (1 | a/b)", "(1 | a/b) + x", "y ~ (x | g)"),
    ("y ~ . + (1 | g)", "x", "y ~ . + (1 | g) - x"),
    ("y ~ x + (1 | g)", "1", "y ~ x + (1 | g) - 1"),
    ("y ~ x + x:z + (1 | g)", "x", "y ~ x:z + (1 | g)"),
    ("y ~ x + x * z + (1 | g)", "x", "y ~ x + x * z + (1 | g) - x"),
    ("`a ~ b` ~ poly(x, 2) + z + (1 | g)", "poly(x, 2)", "`a ~ b` ~ z + (1 | g)"),
  ])
  func `terms are dropped`(_ text: String, _ terms: String, _ expected: String) throws {
    #expect(try Formula(text).dropping(terms).text == expected)
  }

  @Test(arguments: ["q", "x + q", "(1 | h)", "(z | g)", "1 + 1", "(1 | a)"])
  func `terms that are not there cannot be dropped`(_ terms: String) throws {
    let formula = try Formula("y ~ 0 + x + (1 | g) + (1 | a/b)")
    let error = #expect(throws: FormulaError.self) { try formula.dropping(terms) }
    #expect(error?.message.contains("is no term of") == true)
  }
}
