// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct `Formulas with other random terms` {
  @Test(arguments: [
    ("y ~ x + (x | g)", ["(1 | g)"], "y ~ x + (1 | g)"),
    ("y ~ (1 | g)", ["(1 | h)"], "y ~ 1 + (1 | h)"),
    ("y ~ (1 | g) + x", [], "y ~ x"),
    ("y ~ x+(1|a/b) + z", ["(1 | b:a)", "(1 | a)"], "y ~ x + z + (1 | b:a) + (1 | a)"),
    ("y ~ (1 | g) - 1 + x", ["(1 | g)"], "y ~ 1 - 1 + x + (1 | g)"),
    ("y ~ (x + (1 | g)) + offset(z)", ["(1 | g)"], "y ~ (x) + offset(z) + (1 | g)"),
    ("y ~ cs(f | g) + (1 | h)", ["(1 | h)"], "y ~ 1 + (1 | h)"),
    ("log(y) ~\n  x +\n  (1 | g)", ["(1 | h)"], "log(y) ~ x + (1 | h)"),
  ])
  func `have the same fixed part`(text: String, random: [String], expected: String) throws {
    let formula = try Formula(text)
    let other = formula.text(withRandomTerms: random)
    #expect(other.filter { $0 != " " } == expected.filter { $0 != " " })
    let again = try Formula(other)
    #expect(again.fixed.terms.count == formula.fixed.terms.count)
    #expect(again.fixed.hasIntercept == formula.fixed.hasIntercept)
    #expect(again.offsets == formula.offsets && again.response == formula.response)
  }
}
