// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// `center(x)`, `mean(x, g)` and `within(x, g)`; lme4 1.1-31 and emmeans 1.8.4 with columns made by `ave()`.
@Suite struct `Means by groups` {
  private static let exam = DataSource.file(Files.data("exam.csv"))
  private static let contextual =
    "normexam ~ within(standLRT, school) + mean(standLRT, school) + sex + (within(standLRT, school) | school)"

  private func fit(
    _ formula: String, _ source: any TableSource = exam, _ options: FitOptions = FitOptions()
  ) throws -> FittedModel {
    try FittedModel(Formula(formula), data: [source], options: options)
  }

  @Test func `a contextual model is that of columns made by ave()`() throws {
    let model = try fit(Self.contextual)
    let fit = model.fit
    #expect(abs(fit.criterion - 9302.34232240735) < 1e-6)
    #expect(
      fit.fixedEffects.map(\.name) == [
        "(Intercept)", "within(standLRT, school)", "mean(standLRT, school)", "sexM",
      ])
    let expected = [
      0.0830635845719924, 0.5492797333997369, 0.8134935170923393, -0.1730182442915039,
    ]
    for (effect, value) in zip(fit.fixedEffects, expected) {
      #expect(abs(effect.estimate! - value) < 1e-6)
    }
    #expect(abs(fit.sigma - 0.741767911579001) < 1e-6)
    let means = try model.marginalMeans(MeansSpecification("~ sex"), MeansOptions()).means
    // The other two variables are at their means.
    #expect(abs(means[0].test!.estimate - 0.0845346) < 1e-5)
    #expect(abs(means[1].test!.estimate + 0.0884836) < 1e-5)
    var options = MeansOptions()
    options.values = ["mean(standLRT, school)": ["1"], "within(standLRT, school)": ["-1"]]
    let there = try model.marginalMeans(MeansSpecification("~ sex"), options).means
    #expect(abs(there[0].test!.estimate - (0.0830635845719924 - 0.5492797333997369 + 0.8134935170923393)) < 1e-5)
  }

  @Test func `center() is scale() without a scale, and means stand in other functions`() throws {
    let fit = try self.fit(
      "normexam ~ center(standLRT) + poly(mean(standLRT, school), 2) + mean(I(sex == \"F\"), school) + (1 | school)"
    ).fit
    #expect(abs(fit.criterion - 9352.39936053725) < 1e-6)
    let expected = [
      -0.0814034659444945, 0.5594780592437860, 6.9325613172680258, 1.7888280068012021,
      0.1617530602213925,
    ]
    for (effect, value) in zip(fit.fixedEffects, expected) {
      #expect(abs(effect.estimate! - value) < 1e-6 * max(1, abs(value)))
    }
    #expect(fit.fixedEffects[1].name == "center(standLRT)")
  }

  /// Every seventh response and every eleventh covariate missing.
  @Test func `all rows with the covariate count, whatever else they miss`() throws {
    let holes = try table { row, line in
      var fields = line
      if row % 7 == 0 { fields[1] = "NA" }
      if row % 11 == 2 { fields[6] = "NA" }
      return fields
    }
    let both = try fit(
      "normexam ~ within(standLRT, school) + mean(standLRT, school) + (1 | school)", holes).fit
    #expect(abs(both.criterion - 7263.5544729457) < 1e-6)
    #expect(both.observations == 3163)
    let mean = try fit("normexam ~ mean(standLRT, school) + (1 | school)", holes).fit
    #expect(abs(mean.criterion - 9365.27117537665) < 1e-6)
    #expect(mean.observations == 3479)
    #expect(abs(mean.fixedEffects[1].estimate! - 0.8705468033364487) < 1e-6)
  }

  @Test func `predictions use the means of the fit, from a file as well`() throws {
    let folder = try TemporaryFolder()
    let model = try fit(Self.contextual)
    try model.save(to: folder.file("m.lmm"))
    let again = try FittedModel(contentsOf: folder.file("m.lmm"))
    let rows = try table { row, line in [0, 499, 4058].contains(row) ? line : nil }
    for model in [model, again] {
      let predicted = try model.predict([rows])
      for (value, expected) in zip(
        predicted.fitted, [0.884916925434871, 0.143685396434143, -0.911317845841770])
      {
        #expect(abs(value - expected) < 1e-5)
      }
    }
  }

  @Test func `levels without a mean are refused, or have no prediction`() throws {
    let model = try fit(Self.contextual)
    let new = DataSource.bytes(
      Array("school,standLRT,sex\n1,0.5,F\nX,0.5,F\nX,NA,F\n".utf8), name: "new.csv")
    let error = #expect(throws: DataError.self) { try model.predict([new]) }
    for word in ["new.csv", "line 3", "\"X\" in column \"school\"", "mean(standLRT, school) is not known"] {
      #expect("\(error!)".contains(word), "\(error!)")
    }
    var options = PredictionOptions()
    options.allowsNewLevels = true
    let rows = try model.predict([new], options: options)
    #expect(rows.fitted.map(\.isNaN) == [false, true, true])
    #expect(rows.inestimable.map(\.row) == [1])
    var text: [UInt8] = []
    let notes = try RowTable(LinearPredictor(model), [.fitted], options: options)
      .write([new]) { text += $0 }
    #expect(notes.contains { $0.contains("1 row has no prediction (NA), the first of them row 2") })
  }

  @Test func `parts that share no group add up to the whole`() throws {
    let formula = try Formula(Self.contextual)
    let whole = try CrossProducts(formula, data: [Self.exam])
    let low = try table { _, line in Int(line[0])! < 30 ? line : nil }
    let high = try table { _, line in Int(line[0])! >= 30 ? line : nil }
    let folder = try TemporaryFolder()
    try CrossProducts(formula, data: [low]).write(to: folder.file("low.lmm"))
    try CrossProducts(formula, data: [high]).write(to: folder.file("high.lmm"))
    let sum = try ModelInput(arguments: [folder.file("low.lmm"), folder.file("high.lmm")])
      .crossProducts(formula, options: FitOptions())
    #expect(sum.observations == whole.observations)
    let (a, b) = (try FittedModel(sum), try FittedModel(whole))
    #expect(abs(a.fit.criterion - b.fit.criterion) < 1e-8)
    let rows = try table { row, line in row % 97 == 0 ? line : nil }
    for (x, y) in zip(try a.predict([rows]).fitted, try b.predict([rows]).fitted) {
      #expect(abs(x - y) < 1e-6)
    }
    let odd = try table { row, line in row % 2 == 1 ? line : nil }
    var half = try CrossProducts(formula, data: [low])
    let error = #expect(throws: FitError.self) {
      try half.merge(CrossProducts(formula, data: [odd]))
    }
    #expect("\(error!)".contains("both have rows of school = 1"), "\(error!)")
  }

  @Test func `means take a second look at the rows`() throws {
    let error = #expect(throws: FitError.self) {
      try fit("normexam ~ mean(standLRT, school) + (1 | school)", ReadOnce(table: Self.exam))
    }
    #expect("\(error!)".contains("can be read once only"))
    #expect(throws: Never.self) {
      try fit("normexam ~ center(standLRT) + (1 | school)", ReadOnce(table: Self.exam))
    }
    let infinite = DataSource.bytes(
      Array("y,x,g\n1,2,a\n2,inf,a\n3,4,b\n4,5,b\n".utf8), name: "infinite.csv")
    let bad = #expect(throws: DataError.self) { try fit("y ~ mean(x, g) + (1 | g)", infinite) }
    #expect("\(bad!)".contains("line 3"), "\(bad!)")
  }

  @Test(arguments: [
    "mean(x)", "mean(x, 2)", "mean(x, g, h)", "within(x, factor(g))", "within(mean(x, g), h)", "within(g, g)",
    "mean(x, g = g)", "center(x, g)", "center()", "log(center(x))", "offset(mean(x, g))",
  ])
  func `other calls are refused`(_ call: String) {
    #expect(throws: FormulaError.self) { try Formula("y ~ \(call) + (1 | g)") }
  }

  @Test func `responses are as they are`() throws {
    #expect(throws: FormulaError.self) { try Formula("within(y, g) ~ x + (1 | g)") }
    #expect(throws: FormulaError.self) { try Formula("center(y) ~ x + (1 | g)") }
  }

  /// Lines of the exam data, changed or left out.
  private func table(_ change: (Int, [String]) -> [String]?) throws -> DataSource {
    let lines = try String(contentsOfFile: Files.data("exam.csv"), encoding: .utf8).split(separator: "\n")
    var text = lines[0] + "\n"
    for (row, line) in lines.dropFirst().enumerated() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      if let changed = change(row, fields) { text += changed.joined(separator: ",") + "\n" }
    }
    return .bytes(Array(text.utf8), name: "exam.csv")
  }
}
