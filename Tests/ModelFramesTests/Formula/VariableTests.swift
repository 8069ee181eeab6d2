// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct VariableTests {
  private func kind(_ text: String) throws -> Variable.Kind {
    try #require(try Formula("y ~ \(text)").fixed.variables.first).kind
  }

  private let x = Expression.column("x")

  @Test func `a name is a column, also inside I()`() throws {
    #expect(try kind("x") == .column("x"))
    #expect(try kind("I(x)") == .column("x"))
    #expect(try kind("I((x))") == .column("x"))
    #expect(try kind("`a b`") == .column("a b"))
    #expect(try kind("Größe_2.b") == .column("Größe_2.b"))
  }

  @Test func `factor and relevel name one column`() throws {
    #expect(try kind("factor(x)") == .factor(column: "x", reference: nil))
    #expect(try kind("as.factor(x)") == .factor(column: "x", reference: nil))
    #expect(try kind("relevel(x, 'b')") == .factor(column: "x", reference: "b"))
    #expect(try kind("relevel(ref = 'b', x)") == .factor(column: "x", reference: "b"))
    #expect(
      try kind("relevel(factor(x), ref = \"b\")") == .factor(column: "x", reference: "b"))
  }

  @Test func `poly knows degree and raw`() throws {
    #expect(try kind("poly(x)") == .polynomial(of: x, degree: 1, raw: false))
    #expect(try kind("poly(x, 3)") == .polynomial(of: x, degree: 3, raw: false))
    #expect(try kind("poly(x, raw = TRUE, 2)") == .polynomial(of: x, degree: 2, raw: true))
    let log = Expression.call(function: "log", arguments: [.init(value: x)])
    #expect(try kind("poly(log(x), degree = 2)") == .polynomial(of: log, degree: 2, raw: false))
  }

  @Test func `scale knows center and scale`() throws {
    #expect(try kind("scale(x)") == .scaled(of: x, centers: true, scales: true))
    #expect(try kind("scale(x, FALSE)") == .scaled(of: x, centers: false, scales: true))
    #expect(try kind("scale(x, scale = FALSE)") == .scaled(of: x, centers: true, scales: false))
  }

  @Test(arguments: ["I(x > 0)", "x > 0", "!x", "I(!(x > 0))", "I((x == 1))", "I(x > 0 & x < 2)"])
  func `comparisons are logical`(text: String) throws {
    let variable = try #require(try Formula("y ~ \(text)").fixed.variables.first)
    #expect(variable.kind == .logical(variable.expression))
  }

  @Test(arguments: ["I(x^2)", "log(x)", "I((x > 0) * 2)", "sin(2*pi*x)", "as.numeric(x)"])
  func `other expressions are numeric`(text: String) throws {
    let variable = try #require(try Formula("y ~ \(text)").fixed.variables.first)
    #expect(variable.kind == .numeric(variable.expression))
    #expect(variable.expression.columns == ["x"])
  }

  @Test func `columns compared with text are known`() throws {
    let text = "y ~ I(f == 'b') + I(x > 0 & ('a' != (g))) + I(h %in% c('u', 'v') | k %in% 1)"
    let variables = try Formula(text).fixed.variables
    #expect(variables.map(\.expression.textColumns) == [["f"], ["g"], ["h"]])
  }
}
