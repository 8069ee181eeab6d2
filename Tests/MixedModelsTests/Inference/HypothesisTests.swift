// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

@Suite struct `Hypotheses in words` {
  /// Coefficients with every kind of name.
  private static let fitted = Result {
    try FittedModel(
      Formula("y ~ a*b + poly(x, 2) + I(z^2) + (1|g)"), data: [UnbalancedTable.source()])
  }
  private static let names = [
    "(Intercept)", "aq", "ar", "bv", "poly(x, 2)1", "poly(x, 2)2", "I(z^2)", "aq:bv", "ar:bv",
  ]

  private func coefficients(_ pairs: [String: Double]) -> [Double] {
    Self.names.map { pairs[$0] ?? 0 }
  }

  @Test func `names hold any characters`() throws {
    let fitted = try Self.fitted.get()
    #expect(fitted.fit.fixedEffects.map(\.name) == Self.names)
    for (text, pairs, value) in [
      ("aq = 0", ["aq": 1.0], 0.0), ("aq", ["aq": 1], 0),
      ("2*aq - ar = 1", ["aq": 2, "ar": -1], 1),
      ("aq:bv = aq", ["aq:bv": 1, "aq": -1], 0), ("aq : bv + bv", ["aq:bv": 1, "bv": 1], 0),
      ("(Intercept) + 3*poly(x, 2)1 = 4", ["(Intercept)": 1, "poly(x, 2)1": 3], 4),
      ("poly(x,2)2", ["poly(x, 2)2": 1], 0), ("-I(z^2)/4 = -2e-1", ["I(z^2)": -0.25], -0.2),
      ("2*(aq - (ar + 1)) = 3 - bv", ["aq": 2, "ar": -2, "bv": 1], 5),
      ("`aq:bv` == 1", ["aq:bv": 1], 1), ("aq*2*3", ["aq": 6], 0), ("1 = ar", ["ar": -1], -1),
      ("(aq)", ["aq": 1], 0), ("( (Intercept) )", ["(Intercept)": 1], 0), ("aq+aq", ["aq": 2], 0),
    ] {
      let hypothesis = try fitted.hypothesis(text)
      #expect(hypothesis.coefficients == coefficients(pairs), "\(text)")
      #expect(hypothesis.value == value, "\(text)")
    }
  }

  /// A column's name with a blank keeps its backquotes in the coefficients' names, as in R.
  @Test func `every name that is printed is accepted`() throws {
    var text = "g,x 1,x1,f,y\n"
    for row in UnbalancedTable.rows {
      text += "\(row.g),\(row.x),\(row.z),\(row.a == "p" ? "u = 1" : "-\(row.a) + 2"),\(row.y)\n"
    }
    let fitted = try FittedModel(
      Formula("y ~ `x 1` * f + x1 + I(`x 1`^2) + (1|g)"),
      data: [.bytes(Array(text.utf8), name: "names.csv")])
    let names = fitted.fit.fixedEffects.map(\.name)
    #expect(names.contains("`x 1`:fu = 1") && names.contains("x1"))
    for (index, name) in names.enumerated() {
      let unit = names.indices.map { $0 == index ? 1.0 : 0 }
      #expect(try fitted.hypothesis(name).coefficients == unit, "\(name)")
      #expect(try fitted.hypothesis("2 * \(name) = 3").coefficients == unit.map { 2 * $0 })
    }
    let place = try #require(names.firstIndex(of: "x1"))
    #expect(try fitted.hypothesis("`x1`").coefficients[place] == 1)
  }

  @Test func `errors point at the character`() throws {
    let fitted = try Self.fitted.get()
    for (text, range, words) in [
      ("aw = 0", 0..<2, "Did you mean “aq”?"), ("aq + poly(x, 3)1", 5..<12, "no coefficient"),
      ("aq *", 4..<4, "missing"), ("aq * ar", 0..<7, "product"), ("aq / 0", 5..<6, "divide"),
      ("(aq + ar", 0..<1, "not closed"), ("2aq = 1", 0..<3, "no number"),
      ("3 = 3", 0..<5, "no coefficient"),
      ("aq = 1 = 2", 7..<8, "not understood"), ("`aq", 0..<1, "not closed"), ("", 0..<0, "missing"),
      ("aq - aq", 0..<7, "no coefficient"), ("aq ar", 3..<4, "not understood"),
      ("`a q`", 0..<5, "no coefficient"),
    ] {
      let error = #expect(throws: HypothesisError.self) { try fitted.hypothesis(text) }
      #expect(error?.range == range, "\(text): \(String(describing: error))")
      #expect(error?.description.contains(words) == true, "\(text): \(String(describing: error))")
    }
    let deep = String(repeating: "(", count: 100_000)
    #expect(throws: HypothesisError.self) { try fitted.hypothesis(deep) }
    #expect(throws: HypothesisError.self) {
      try fitted.hypothesis(String(repeating: "-", count: 100_000) + "aq")
    }
  }

  @Test func `rows of L`() throws {
    let fitted = try Self.fitted.get()
    #expect(
      try fitted.hypothesis(row: "0, 1,-1e0,0,0,0,0,0,0").coefficients
        == coefficients(["aq": 1, "ar": -1]))
    for (text, range) in [
      ("0,1,x", 4..<5), ("0,1", 0..<3), ("0,,1", 2..<2), ("0,0,0,0,0,0,0,0,0", 0..<17),
    ] {
      let error = #expect(throws: HypothesisError.self) { try fitted.hypothesis(row: text) }
      #expect(error?.range == range)
    }
  }

  /// A row equals the coefficient's own test, and the joint test of all terms' rows is anova's.
  @Test func `contrasts agree with tables`() throws {
    let fitted = try Self.fitted.get()
    for method in [DegreesOfFreedomMethod.kenwardRoger, .residual, .none] {
      let one = try fitted.contrast([fitted.hypothesis("bv = 0")], method)
      let table = try fitted.coefficientTests(method)
      #expect(abs(one.rows[0].statistic - table[3].statistic) <= 1e-9 * abs(table[3].statistic))
      #expect(
        one.joint.statistic.map {
          abs($0 - one.rows[0].statistic * one.rows[0].statistic) <= 1e-8 * $0
        } == true)
      // The third row is the sum of the others: rank 2.
      let both = try fitted.contrast(
        ["aq:bv", "ar:bv", "aq:bv + ar:bv"].map { try fitted.hypothesis($0) }, method)
      let anova = try fitted.anova(type: .marginalMeans, method)
      let term = try #require(anova.rows.first { $0.name == "a:b" })
      #expect(both.joint.numeratorDF == 2)
      #expect(abs(both.joint.statistic! - term.statistic!) <= 1e-8 * term.statistic!)
    }
    #expect(throws: InferenceError.contradiction(row: 2)) {
      try fitted.contrast([fitted.hypothesis("aq = 1"), fitted.hypothesis("2*aq = 3")], .none)
    }
  }

  /// Days2 = 2 Days + 1 is dropped: β_Days alone is not determined, β_Days + 2 β_Days2 is.
  @Test func `combinations of aliased coefficients are tested where they are determined`() throws {
    let fitted = try ReferenceFit.named("sleepstudy-alias-reml").fittedModel()
    let dropped = try #require(fitted.fit.droppedColumns.first)
    let kept = fitted.fit.fixedEffects.first { $0.estimate != nil && $0.name != "(Intercept)" }!
      .name
    let error = #expect(throws: InferenceError.self) {
      try fitted.contrast([fitted.hypothesis(kept)], .none)
    }
    #expect(error?.description.contains(dropped) == true)
    let factor = dropped == "Days2" ? "2*" : "0.5*"
    let table = try fitted.contrast([fitted.hypothesis("\(kept) + \(factor)\(dropped)")], .none)
    let alone = try fitted.coefficientTests(.none).first { $0.name == kept }!
    #expect(abs(table.rows[0].statistic - alone.statistic) <= 1e-9 * abs(alone.statistic))
  }
}
