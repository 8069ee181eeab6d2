// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

/// One formula and what `terms()` of R 4.2.2 makes of it: `term.labels` and `intercept`.
struct ExpandedFormula: Sendable, CustomTestStringConvertible {
  let formula: String
  let labels: [String]
  let intercept: Bool

  init(_ formula: String, _ labels: String, intercept: Bool = true) {
    self.formula = formula
    self.labels = labels.split(separator: " ").map(String.init)
    self.intercept = intercept
  }

  var testDescription: String { formula }

  static let all: [ExpandedFormula] = [
    .init("y~b:a", "b:a"),
    .init("y~a*b", "a b a:b"),
    .init("y~b*a+c", "b a c b:a"),
    .init("y~(a+b+c)^2", "a b c a:b a:c b:c"),
    .init("y~(a+b+c)**2", "a b c a:b a:c b:c"),
    .init("y~(a+b)^2-a", "b a:b"),
    .init("y~a/b", "a a:b"),
    .init("y~(a+b)/c", "a b a:b:c"),
    .init("y~a/b/c", "a a:b a:b:c"),
    .init("y~a/(b+c)", "a a:b a:c"),
    .init("y~a %in% b", "a:b"),
    .init("y~b %in% a", "b:a"),
    .init("y~a+b %in% a", "a a:b"),
    .init("y~a*b-a", "b a:b"),
    .init("y~a*b-a:b", "a b"),
    .init("y~a*b-b:a", "a b"),
    .init("y~0+a", "a", intercept: false),
    .init("y~a-1", "a", intercept: false),
    .init("y~-1+a", "a", intercept: false),
    .init("y~a-0", "a"),
    .init("y~0", "", intercept: false),
    .init("y~1", ""),
    .init("y~-1", "", intercept: false),
    .init("y~a-1+1", "a"),
    .init("y~1-1", "", intercept: false),
    .init("y~0+1", ""),
    .init("y~-a", ""),
    .init("y~a+a", "a"),
    .init("y~a:a", "a"),
    .init("y~a*1", "a"),
    .init("y~a*0", "a", intercept: false),
    .init("y~a^2", "a"),
    .init("y~(a*b)^3", "a b a:b"),
    .init("y~(a+1)^2", "a"),
    .init("y~(a+0)^2", "a", intercept: false),
    .init("y~c+b:a", "c b:a"),
    .init("y~c:b+a+b", "a b c:b"),
    .init("y~(a+b):c", "a:c b:c"),
    .init("y~(a+b):(c+d)", "a:c a:d b:c b:d"),
    .init("y~ +a", "a"),
    .init("y~-a+b", "b"),
    .init("y~a+b-(a+b)", ""),
    .init("y~(-1)+a", "a", intercept: false),
    .init("y~a+(-1)", "a", intercept: false),
    .init("y~a-(-1)", "a"),
    .init("y~a-(-b)", "a"),
    .init("y~a+-1", "a", intercept: false),
    .init("y~a-+1", "a", intercept: false),
    .init("y~a*b*c-a:b:c", "a b c a:b a:c b:c"),
    .init("y~(a-1)*b", "a b a:b", intercept: false),
    .init("y~(a-1):b", "a:b", intercept: false),
    .init("y~a%in%(b+c)", "a:b:c"),
    .init("y~(a+b)%in%(c+d)", "a:c:d b:c:d"),
    .init("y~((a))", "a"),
    .init("y~a:b:c+a:b", "a:b a:b:c"),
    .init("y~a:b+a:c+b:c+a", "a a:b a:c b:c"),
    .init("y~d+a:b:c+c:b", "d b:c a:b:c"),
    .init("y~a-1-1", "a", intercept: false),
    .init("y~a*b-a*b", ""),
    .init("y~(a+b+c+d)^3-a:b:c", "a b c d a:b a:c a:d b:c b:d c:d a:b:d a:c:d b:c:d"),
    .init("y~b:a+a:b", "b:a"),
    .init("y~a+b:a", "a a:b"),
    .init("y~b:a:c+c", "c b:a:c"),
    .init("y~log(a)+log( a )", "log(a)"),
    .init("log(y)~y+a", "y a"),
    .init("y ~ a %in% b %in% c", "a:b:c"),
    .init("y~a*b %in% c", "a b:c a:b:c"),
    .init("y~a/b:c", "a a:b:c"),
    .init("y~a^2:b", "a:b"),
    .init("y~c-a*b", "c"),
    .init("y~a-(a-b)", ""),
    .init("y~a+(b-a)", "a b"),
    .init("y~(a+b-1)^2", "a b a:b", intercept: false),
    .init("y~(a+b)/(c+d)", "a b a:b:c a:b:d"),
    .init("y~a/(b*c)", "a a:b a:c a:b:c"),
    .init("y~(a*b)/c", "a b a:b a:b:c"),
    .init("y~(a+b)/c/d", "a b a:b:c a:b:c:d"),
    .init("y~(0+a)/b", "a a:b", intercept: false),
    .init("y~a+offset(b)", "a"),
    .init("y~offset(a)+b+offset(log(c))", "b"),
    .init("y~(1+a|g)", ""),
    .init("y~a+(1|g)-1", "a", intercept: false),
    .init("y~(1|g)-1", "", intercept: false),
  ]
}

@Suite struct TermExpansionTests {
  @Test(arguments: ExpandedFormula.all)
  func `terms and their order are R's`(_ golden: ExpandedFormula) throws {
    let fixed = try Formula(golden.formula).fixed
    #expect(fixed.terms.map(fixed.label) == golden.labels)
    #expect(fixed.hasIntercept == golden.intercept)
  }

  @Test func `variables that only subtracted terms have are dropped`() throws {
    let formula = try Formula("y ~ a + c - b - a + d:c")
    #expect(formula.fixed.variables.map(\.name) == ["c", "d"])
    #expect(formula.fixed.terms == [[0], [0, 1]])
    #expect(formula.columnReferences.map(\.name) == ["y", "a", "c", "b", "d"])
  }

  @Test func `a high power ends when nothing new comes`() throws {
    let fixed = try Formula("y ~ (a + b + c)^1000000000").fixed
    #expect(fixed.terms.map(fixed.label) == ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"])
  }

  @Test func `thousands of terms are read`() throws {
    let names = (1...9000).map { "x\($0)" }
    let formula = try Formula("y ~ " + names.joined(separator: " + "))
    #expect(formula.fixed.terms.count == 9000)
    #expect(formula.fixed.variables.last?.name == "x9000")
  }

  @Test(arguments: [
    "y ~ " + (1...20).map { "x\($0)" }.joined(separator: "*"),
    "y ~ (" + (1...200).map { "x\($0)" }.joined(separator: "+") + ")^2",
    "y ~ " + (1...10_001).map { "x\($0)" }.joined(separator: "+"),
  ])
  func `an explosion of terms is refused`(_ text: String) {
    let error = #expect(throws: FormulaError.self) { try Formula(text) }
    #expect(error?.message == "the formula expands to more than 10000 terms")
  }

  @Test func `offsets are collected and each counts once`() throws {
    let formula = try Formula("y ~ offset(a) + (b + offset(log(c))) + offset(a) + (1 | g)")
    #expect(formula.offsets.map(\.deparsed) == ["a", "log(c)"])
    #expect(formula.fixed.variables.map(\.name) == ["b"])
  }
}
