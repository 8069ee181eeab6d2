// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// Data that cannot carry a model are refused in words that say what to do; what can be fitted is
/// fitted.
@Suite struct Refusals {
  func fit(
    _ formula: String, _ csv: String, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> Fit {
    var options = FitOptions()
    change(&options)
    return try Fit(
      Formula(formula), data: [.bytes(Array(csv.utf8), name: "t.csv")], options: options)
  }

  /// y, x, g with `rows` given as (y, x, g).
  func table(_ rows: [(Double, Double, String)]) -> String {
    rows.reduce("y,x,g\n") { $0 + "\($1.0),\($1.1),\($1.2)\n" }
  }

  let good: [(Double, Double, String)] = [
    (1, 2, "a"), (2.5, 3, "a"), (3, 1, "b"), (4, 5, "b"), (2, 2, "c"), (7, 6, "c"), (3, 3, "a"),
  ]

  @Test func `one level`() {
    let rows = good.map { ($0.0, $0.1, "a") }
    #expect(throws: FitError.oneLevel(group: "g")) { try fit("y ~ x + (1 | g)", table(rows)) }
  }

  @Test func `as many levels as rows`() {
    let rows = good.enumerated().map { ($1.0, $1.1, "g\($0)") }
    #expect(throws: FitError.asManyLevelsAsRows(group: "g", levels: 7, rows: 7)) {
      try fit("y ~ x + (1 | g)", table(rows))
    }
  }

  @Test func `as many random effects as rows`() {
    let rows = Array(good.prefix(6))
    #expect(throws: FitError.tooManyRandomEffects(group: "g", effects: 6, rows: 6)) {
      try fit("y ~ x + (x | g)", table(rows))
    }
  }

  @Test(arguments: [0.0, 5, 0.1 + 0.2, 1e9 + 0.3, -1e-300])
  func `a constant response`(value: Double) {
    let rows = good.map { (value, $0.1, $0.2) }
    #expect(throws: FitError.constantResponse("y")) { try fit("y ~ x + (1 | g)", table(rows)) }
  }

  @Test func `fewer rows than coefficients`() {
    let rows = Array(good.prefix(5))
    #expect(throws: FitError.tooFewRows(rows: 5, columns: 5)) {
      try fit(
        "y ~ poly(x, 4, raw = TRUE) + (1 | g)",
        table(rows.enumerated().map { ($1.0, Double($0 * $0), $1.2) }))
    }
  }

  @Test func `all rows missing`() {
    #expect(throws: FitError.noRows(omitted: 2)) {
      try fit("y ~ x + (1 | g)", "y,x,g\nNA,1,a\n2,,b\n")
    }
  }

  @Test func `a response that groups explain exactly`() {
    let rows = [("a", 1.0), ("b", 3), ("c", -2)].flatMap { g, y in
      (0..<4).map { (y, Double($0 * $0), g) }
    }
    #expect(throws: FitError.zeroResidualVariance) { try fit("y ~ 1 + (1 | g)", table(rows)) }
  }

  @Test func `a response that covariates explain exactly`() {
    let rows = good.map { (3 * $0.1 - 1, $0.1, $0.2) }
    #expect(throws: FitError.zeroResidualVariance) { try fit("y ~ x + (1 | g)", table(rows)) }
  }

  @Test func `text where a number is needed`() {
    let error = #expect(throws: FitError.self) { try fit("y ~ log(g) + (1 | g)", table(good)) }
    #expect(
      error?.description == """
        column g is text (“a” in t.csv, line 2), but “log(g)” needs numbers. If “a” means missing, \
        add ReadingOptions.missingTexts; else use the column as a factor, or correct its values.
        """)
  }

  @Test func `an infinite value names the line`() throws {
    let error = #expect(throws: DataError.self) {
      try fit("log(y) ~ x + (1 | g)", "y,x,g\n1,1,a\n0,2,a\n2,3,b\n")
    }
    #expect("\(try #require(error))".contains("t.csv, line 3"))
  }

  @Test(arguments: ["-1", "0"]) func `a weight that is not positive names the line`(w: String)
    throws
  {
    let error = #expect(throws: DataError.self) {
      try fit("y ~ 1 + (1 | g)", "y,w,g\n1,1,a\n3,\(w),a\n2,3,b\n") { $0.weights = "w" }
    }
    #expect("\(try #require(error))".contains("t.csv, line 3"))
  }

  @Test func `na fail names the line`() throws {
    let error = #expect(throws: DataError.self) {
      try fit("y ~ x + (1 | g)", "y,x,g\n1,1,a\n3,NA,a\n2,3,b\n") { $0.omitsMissing = false }
    }
    #expect("\(try #require(error))".contains("t.csv, line 3"))
  }

  @Test func `a start of the wrong length`() {
    #expect(throws: FitError.start(given: 2, needed: ["g.(Intercept)"])) {
      try fit("y ~ x + (1 | g)", table(good)) { $0.start = [1, 2] }
    }
  }

  @Test func `levels that leave one out, options that name no factor, a base that is none`() {
    #expect(throws: FitError.unlistedLevel(column: "g", level: "c")) {
      try fit("y ~ x + (1 | g)", table(good)) { $0.levels["g"] = ["a", "b"] }
    }
    #expect(throws: DataError.self) {
      try fit("y ~ 1 + (1 | g)", table(good)) { $0.contrasts["z"] = .sum }
    }
    #expect(
      throws: FitError.unknownLevel(
        column: "relevel(g, ref = \"z\")", level: "z", known: ["a", "b", "c"])
    ) {
      try fit("y ~ relevel(g, ref = \"z\") + (1 | g)", table(good))
    }
  }

  @Test func `a polynomial of too high a degree, a constant that is scaled`() {
    let rows = good.enumerated().map { ($1.0, Double($0 % 2), $1.2) }
    #expect(throws: FitError.polynomialDegree("poly(x, 2)", distinct: 2)) {
      try fit("y ~ poly(x, 2) + (1 | g)", table(rows))
    }
    #expect(throws: FitError.constantScale("scale(x)")) {
      try fit("y ~ scale(x) + (1 | g)", table(good.map { ($0.0, 4, $0.2) }))
    }
  }

  @Test func `an early stop is no convergence`() throws {
    let fit = try fit("y ~ x + (1 | g)", table(good)) { $0.maximumEvaluations = 3 }
    #expect(!fit.convergence.converged)
    #expect(fit.convergence.evaluations <= 4)
  }

  @Test func `constant covariates and copies are dropped, later ones first`() throws {
    let csv = good.reduce("y,x,k,x2,g\n") { $0 + "\($1.0),\($1.1),0.3,\(2 * $1.1 - 1),\($1.2)\n" }
    let fit = try fit("y ~ x + k + x2 + (1 | g)", csv)
    #expect(fit.droppedColumns == ["k", "x2"])
    #expect(fit.convergence.messages.contains { $0.contains("dropping 2 columns") })
  }
}
