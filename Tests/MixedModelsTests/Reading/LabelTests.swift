// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// Levels are told apart by their bytes, as in R, whatever they look like.
@Suite struct LabelTests {
  /// é, zz and e with an accent: in the order of their bytes the last one is the first.
  static let accents = ["e\u{301}", "zz", "\u{e9}"]

  func options(_ change: (inout FitOptions) -> Void = { _ in }) -> FitOptions {
    var options = FitOptions()
    change(&options)
    return options
  }

  func source(_ table: ItemTable) -> DataSource { .bytes(Array(table.text().utf8), name: "t.csv") }

  /// R 4.2.2, lme4 1.1-31 in the C locale.
  @Test func `canonically equivalent labels are levels of their own`() throws {
    var table = ItemTable()
    table.levels = [Self.accents[1], Self.accents[2], Self.accents[0]]
    let fit = try Fit(Formula("y ~ x + f + (1 | id)"), data: [source(table)])
    #expect(abs(fit.criterion - 298.058093403) < 1e-7)
    let expected = [11.225914269496, 0.658593995072, 1.236057396946, -1.390534476139]
    for (effect, value) in zip(fit.fixedEffects, expected) {
      #expect(abs(effect.estimate! - value) < 1e-6)
    }
    #expect(Array(fit.fixedEffects[2].name.utf8) == Array("fzz".utf8))
    #expect(Array(fit.fixedEffects[3].name.utf8) == Array("f\u{e9}".utf8))
  }

  /// R 4.2.2, lme4 1.1-31, the table in UTF-8.
  @Test func `a table in Latin 1 is refused, or read with its letters`() throws {
    var table = ItemTable()
    table.items = [
      "Müller", "Möller", "Maller", "Schäfer", "Schöfer", "Bär", "Bor", "Groß", "Grün", "Gran",
      "José", "Jose",
    ]
    let latin1 = table.text().unicodeScalars.map { UInt8($0.value) }
    let data = [DataSource.bytes(latin1, name: "t.csv")]
    let formula = try Formula("y ~ x + f + (1 | id)")
    let error = #expect(throws: DataError.self) { try Fit(formula, data: data) }
    #expect(
      error?.description.hasPrefix("t.csv, line 2: \"M\u{FFFD}ller\" in column \"id\"") == true)
    let fit = try Fit(formula, data: data, options: options { $0.reading.encoding = .latin1 })
    #expect(abs(fit.criterion - 298.058093403) < 1e-7)
    #expect(fit.varianceComponents[0].levelCount == 12)
  }

  /// A fit to labels that look alike, and the same to letters in the same order.
  private func pair(
    _ formula: (_ base: String) -> String, _ change: (inout FitOptions, [String]) -> Void
  ) throws -> [FittedModel] {
    try [Self.accents, ["a", "b", "c"]].map { (levels: [String]) -> FittedModel in
      var table = ItemTable()
      table.levels = levels
      table.items = table.items.indices.map { i -> String in "\(levels[i % 3])\(i / 3)" }
      return try FittedModel(
        Formula(formula(levels[2])), data: [source(table)],
        options: options { change(&$0, levels) })
    }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var formula: @Sendable (String) -> String
    var change: @Sendable (inout FitOptions, [String]) -> Void = { _, _ in }
  }

  static let cases = [
    Case(testDescription: "fixed and random factor", formula: { _ in "y ~ x * f + (0 + f | id)" }),
    Case(
      testDescription: "relevel",
      formula: { "y ~ relevel(f, ref = \"\($0)\") + (1 | id)" }),
    Case(
      testDescription: "comparison",
      formula: { "y ~ I(f == \"\($0)\") + I(f %in% c(\"\($0)\", \"zz\", \"b\")) + (1 | id)" }),
    Case(
      testDescription: "levels", formula: { _ in "y ~ f + (1 | id)" },
      change: { $0.levels["f"] = [$1[2], $1[0], $1[1]] }),
    Case(
      testDescription: "contrasts", formula: { _ in "y ~ f + (1 | id)" },
      change: {
        $0.contrasts["f"] = .matrix(
          levels: [$1[2], $1[1], $1[0]], columns: ["u", "v"], values: [[1, 0], [0, 1], [-1, -1]])
      }),
    Case(
      testDescription: "interaction of groups", formula: { _ in "y ~ x + (1 | id) + (1 | f:id)" }),
  ]

  @Test(arguments: cases)
  func `labels that look alike make the same model as letters`(item: Case) throws {
    let fits = try pair(item.formula, item.change)
    #expect(fits[0].fit.criterion == fits[1].fit.criterion)
    #expect(fits[0].fit.fixedEffects.map(\.estimate) == fits[1].fit.fixedEffects.map(\.estimate))
    #expect(
      fits[0].fit.varianceComponents.map(\.levelCount)
        == fits[1].fit.varianceComponents.map(\.levelCount))
  }

  @Test func `inference tells them apart, too`() throws {
    let fits = try pair({ _ in "y ~ x + f + (1 | id)" }, { _, _ in })
    let (accents, letters) = (fits[0], fits[1])
    for (mark, letter) in [("\u{e9}", "c"), ("zz", "b")] {
      #expect(
        try accents.hypothesis("f\(mark) = 0").coefficients
          == letters.hypothesis("f\(letter) = 0").coefficients)
    }
    let means = try fits.map { try $0.marginalMeans(MeansSpecification("~ f")).means }
    #expect(means[0].map(\.test?.estimate) == means[1].map(\.test?.estimate))
    let intervals = try fits.map {
      try $0.waldIntervals(.satterthwaite, parameters: [$0.fit.fixedEffects[3].name])
    }
    #expect(
      intervals[0].map(\.upper) == intervals[1].map(\.upper) && intervals[0].first?.upper != nil)
  }

  @Test func `predictions find their levels`() throws {
    let formula = try Formula("y ~ x + f + (1 | id)")
    let predictions = try [Self.accents, ["a", "b", "c"]].map { (levels: [String]) -> [Double] in
      var table = ItemTable()
      table.levels = levels
      table.items = table.items.indices.map { i -> String in "\(levels[i % 3])\(i / 3)" }
      var fitted: [Double] = []
      try LinearPredictor(formula, data: [source(table)]).predict([source(table)]) {
        fitted += $0.fitted
      }
      return fitted
    }
    #expect(predictions[0] == predictions[1])
  }
}
