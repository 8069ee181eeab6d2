// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

@Suite struct `Splines` {
  private static let sleepstudy = DataSource.file(sleepstudyPath)

  private func fit(
    _ formula: String, _ source: any TableSource = sleepstudy, _ options: FitOptions = FitOptions()
  ) throws -> FittedModel {
    try FittedModel(Formula(formula), data: [source], options: options)
  }

  /// A table in which x has the values of the references.
  private var table: ColumnTable {
    get throws {
      let x = SplineReference.values + SplineReference.values
      return try ColumnTable(
        [
          "x": .numbers(x), "g": .labels(x.indices.map { "g\($0 % 4)" }),
          "y": .numbers(x.indices.map { Double(($0 * 7) % 5) + x[$0] }),
        ], name: "spline.csv")
    }
  }

  /// R gets the values once.
  @Test(arguments: SplineReference.all)
  func `columns are those of R`(_ reference: SplineReference) throws {
    let variable = try #require(
      Formula("y ~ \(reference.call) + (1 | g)").fixed.variables.first)
    guard case .spline(_, let call) = variable.kind else { throw WrongKind() }
    var values = SplineReference.values
    let knots = try call.knots(of: &values, name: reference.call)
    let basis = SplineBasis(call, knots)
    for (x, expected) in [
      (SplineReference.values, reference.fitted), (SplineReference.newValues, reference.predicted),
    ] {
      let columns = basis.columns(x)
      #expect(columns.count * x.count == expected.count)
      for row in x.indices {
        for k in columns.indices {
          let value = expected[row * columns.count + k]
          #expect(abs(columns[k][row] - value) <= 1e-12 * max(1, abs(value)), "\(x[row]), \(k + 1)")
        }
      }
    }
    #expect(basis.columns([.nan]).allSatisfy { $0[0].isNaN })
  }

  private struct WrongKind: Error {}

  /// lmer(Reaction ~ ns(Days, df = 3) + (1 | Subject), sleepstudy), lme4 1.1-31, and predict() with
  /// re.form = NA.
  @Test func `fits agree with lme4`() throws {
    let model = try fit("Reaction ~ ns(Days, df = 3) + (1 | Subject)")
    let fit = model.fit
    #expect(abs(fit.criterion - 1767.4202166712225) < 1e-7)
    let expected = [255.52537146550247, 50.177991021142269, 100.65069108996857, 80.308759488300353]
    let errors = [10.81071865888328, 9.5746855182885877, 15.967356139833862, 7.0114878433998564]
    #expect(
      fit.fixedEffects.map(\.name) == ["(Intercept)"] + (1...3).map { "ns(Days, df = 3)\($0)" })
    for (k, effect) in fit.fixedEffects.enumerated() {
      #expect(abs(effect.estimate! - expected[k]) < 1e-9 * abs(expected[k]))
      #expect(abs(effect.standardError! - errors[k]) < 1e-5 * errors[k])
    }
    var options = MeansOptions()
    options.values = ["Days": ["2.5", "11", "-1"]]
    let means = try model.marginalMeans(MeansSpecification("~ Days"), options)
    for (mean, value) in zip(
      means.means, [275.79500474534808, 373.28446484089159, 247.82123573591269])
    {
      #expect(abs(mean.test!.estimate - value) < 1e-9 * value)
    }
    let slopes = try self.fit("Reaction ~ bs(Days, df = 4) + (ns(Days, 2) | Subject)").fit
    #expect(abs(slopes.criterion - 1703.7479272493078) < 1e-3)
    #expect(slopes.fixedEffects[4].name == "bs(Days, df = 4)4")
  }

  @Test func `model files keep the knots`() throws {
    let folder = try TemporaryFolder()
    let formula = "Reaction ~ ns(Days, df = 3) + (1 | Subject)"
    let model = try fit(formula)
    try model.save(to: folder.file("m.lmm"))
    let again = try FittedModel(contentsOf: folder.file("m.lmm"))
    #expect(again.fit.fixedEffects.map(\.estimate) == model.fit.fixedEffects.map(\.estimate))
    let explicit = try fit(
      "Reaction ~ ns(Days, knots = c(3, 6), Boundary.knots = c(0, 9)) + (1 | Subject)")
    #expect(abs(explicit.fit.criterion - model.fit.criterion) < 1e-8)
    let error = #expect(throws: FitError.self) {
      try FittedModel(
        Formula("Reaction ~ ns(Days, df = 2) + (1 | Subject)"),
        from: ModelInput(arguments: [folder.file("m.lmm")]), options: FitOptions())
    }
    #expect("\(error!)".contains("the knots of ns(Days, df = 2) come from the rows"))
    let other = try CrossProducts(Formula("y ~ ns(x, df = 3) + (1 | g)"), data: [table])
    let half = try ColumnTable(
      [
        "x": .numbers([1, 2, 3, 5, 8]), "g": .labels(["g0", "g1", "g0", "g1", "g0"]),
        "y": .numbers([1, 3, 2, 5, 4]),
      ], name: "half.csv")
    var sum = other
    #expect(throws: FitError.self) {
      try sum.merge(CrossProducts(Formula("y ~ ns(x, df = 3) + (1 | g)"), data: [half]))
    }
  }

  @Test func `interactions and tests of terms`() throws {
    let model = try fit("Reaction ~ bs(Days, df = 3) * I(Days > 4) + (1 | Subject)")
    #expect(model.fit.fixedEffects.count == 8)
    #expect(model.fit.fixedEffects[5].name == "bs(Days, df = 3)1:I(Days > 4)TRUE")
    let table = try fit("Reaction ~ ns(Days, df = 3) + (1 | Subject)").anova(.satterthwaite)
    #expect(table.rows.map(\.numeratorDF) == [3])
  }

  @Test(arguments: [
    "ns()", "ns(Days, df = 0)", "bs(Days, df = 2)", "ns(Days, knots = Days)", "bs(Days, degree = 0)",
    "ns(Days, Boundary.knots = 3)", "ns(Days, knots = c(5, 20), Boundary.knots = c(0, 9))",
    "ns(Days, df = 3, degree = 2)", "log(ns(Days, 3))", "ns(3, df = 3)",
  ])
  func `what is no spline is refused`(_ call: String) {
    #expect(throws: FormulaError.self) { try Formula("Reaction ~ \(call) + (1 | Subject)") }
  }

  @Test func `values that are too few are refused`() throws {
    let error = #expect(throws: FitError.self) {
      try fit("Reaction ~ ns(I(Days > 8) + 0, df = 4) + (1 | Subject)")
    }
    #expect("\(error!)".contains("smaller df"))
    let stream = #expect(throws: FitError.self) {
      try fit("Reaction ~ ns(Days, df = 4) + (1 | Subject)", ReadOnce(table: Self.sleepstudy))
    }
    #expect("\(stream!)".contains("can be read once only"))
    #expect(throws: Never.self) {
      try fit(
        "Reaction ~ ns(Days, knots = c(3, 6), Boundary.knots = c(0, 9)) + (1 | Subject)",
        ReadOnce(table: Self.sleepstudy))
    }
  }
}
