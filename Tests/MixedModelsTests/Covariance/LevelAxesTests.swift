// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Studies
import TestSupport
import Testing

/// Levels that are correlated along axes: plots of a field, days.
@Suite struct `Levels along axes` {
  private static let field = "yield ~ gen + ar1(row):ar1(col)"
  private static let lines = try! String(contentsOfFile: Files.data("slatehall.csv"), encoding: .utf8)
    .split(separator: "\n").map(String.init)
  /// Plots whose records are taken out, and their BLUPs then.
  private static let lost = [
    ("3:4", -77.14058193936586), ("7:7", 254.26923955882432), ("7:8", 36.14423027645093),
    ("1:1", -130.71138099143334), ("10:15", -5.1264677345691005),
  ]

  private func source(_ lines: some Sequence<String>) -> DataSource {
    .bytes(Array((["rep,row,col,gen,yield"] + lines).joined(separator: "\n").utf8), name: "field.csv")
  }

  private func plots(without lost: Bool) -> [String] {
    let all = Self.lines.dropFirst()
    guard lost else { return Array(all) }
    return all.filter { line in
      let cells = line.split(separator: ",")
      return !Self.lost.contains { $0.0 == "\(cells[1]):\(cells[2])" }
    }
  }

  private func fitted(
    _ formula: String, _ data: any TableSource, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var options = FitOptions()
    options.threads = 1
    change(&options)
    return try FittedModel(Formula(formula), data: [data], options: options)
  }

  /// Dense REML by NumPy and SciPy, V = I + γ R_row ⊗ R_col written down and its criterion minimized.
  @Test func `the field of Slate Hall has the variances of dense equations`() throws {
    let fit = try fitted(Self.field, .file(Files.data("slatehall.csv"))).fit
    #expect(abs(fit.criterion - 1623.3799688358) < 1e-6)
    #expect(fit.theta.names == ["row:col.sd", "row:col.rho.row", "row:col.rho.col"])
    #expect(abs(fit.theta.values[1] - 0.6826966) < 1e-4)
    #expect(abs(fit.theta.values[2] - 0.8437985) < 1e-4)
    #expect(abs(fit.sigma - 69.72945) < 1e-2)
    #expect(abs(fit.varianceComponents[0].standardDeviations[0] - 214.0183) < 2e-2)
    #expect(fit.convergence.converged)
    let structure = try #require(fit.varianceComponents[0].structure)
    #expect(structure.word == "ar1:ar1")
    for parameter in structure.parameters {
      let interval = try #require(parameter.interval)
      #expect(interval.low < parameter.estimate && parameter.estimate < interval.high)
      let margin = 1.959964 * parameter.standardError! / (1 - parameter.estimate * parameter.estimate)
      #expect(abs(atanh(interval.high) - atanh(parameter.estimate) - margin) < 1e-5)
    }
  }

  @Test func `plots whose records are missing are levels`() throws {
    let fitted = try fitted(Self.field, source(plots(without: true))) { $0.wantsConditionalModes = true }
    #expect(abs(fitted.fit.criterion - 1564.3766218943) < 1e-6)
    let modes = try #require(fitted.fit.conditionalModes?.first)
    #expect(modes.levels.count == 150)
    for (plot, expected) in Self.lost {
      let k = try #require(modes.levels.firstIndex(of: plot))
      #expect(abs(modes.values[k] - expected) < 0.02, "\(plot)")
    }
  }

  @Test(arguments: [CriterionKind.reml, .ml])
  func `gradients are those of differences`(kind: CriterionKind) throws {
    var options = FitOptions()
    options.criterion = kind
    let data = [source(plots(without: true))]
    let criterion = try Criterion(Formula(Self.field), data: data, options: options)
    for θ in [[3.0, 0.7, 0.8], [0.4, -0.3, 0.2], [1, 0, 0.95]] {
      try expectExactGradient(criterion, at: θ)
    }
    let times = try Criterion(
      Formula("Reaction ~ Days + Subject:ou(Days)"), data: [DataSource.file(Files.data("sleepstudy.csv"))],
      options: options)
    try expectExactGradient(times, at: [2, 0.4])
  }

  /// The same model with an effect of every column in every level, and with one of every cell.
  @Test(arguments: [
    ("Reaction ~ Days + ar1(0 + factor(Days) | Subject)", "Reaction ~ Days + Subject:ar1(Days)", "sleepstudy.csv"),
    ("Reaction ~ Days + ar1(0 + factor(Days) | Subject)", "Reaction ~ Days + ar1(Days):Subject", "sleepstudy.csv"),
    ("distance ~ age * Sex + ou(0 + factor(age) | Subject)", "distance ~ age * Sex + id(Subject):ou(age)", "orthodont.csv"),
  ])
  func `axes within subjects are the structure of their columns`(
    columns: String, cells: String, file: String
  ) throws {
    let a = try fitted(columns, .file(Files.data(file)))
    let b = try fitted(cells, .file(Files.data(file)))
    #expect(abs(a.fit.criterion - b.fit.criterion) < 1e-7)
    for (x, y) in zip(try a.tested().fixedEffects, try b.tested().fixedEffects) {
      #expect(abs(x.estimate! - y.estimate!) < 1e-4)
      #expect(abs(x.standardError! / y.standardError! - 1) < 1e-4)
      #expect(abs(x.degreesOfFreedom! / y.degreesOfFreedom! - 1) < 1e-3)
    }
    let (s, t) = (a.fit.varianceComponents[0].structure!, b.fit.varianceComponents[0].structure!)
    #expect(s.parameters.map(\.name) == t.parameters.map(\.name))
    #expect(abs(s.parameters[0].estimate / t.parameters[0].estimate - 1) < 1e-4)
    #expect(abs(s.parameters[0].standardError! / t.parameters[0].standardError! - 1) < 1e-3)
  }

  /// With profile limits, which both have.
  @Test func `intervals of a correlation are those of columns`() throws {
    func limits(_ formula: String, _ name: String) throws -> ConfidenceInterval {
      var options = ProfileOptions()
      options.parameters = [name]
      options.pointsPerSide = 1
      let model = try fitted(formula, .file(Files.data("sleepstudy.csv"))) { $0.criterion = .ml }
      return try model.profile(options).curves[0].interval
    }
    let a = try limits(
      "Reaction ~ Days + ar1(0 + factor(Days) | Subject)", "cor_factor(Days)1.factor(Days)0|Subject")
    let b = try limits("Reaction ~ Days + Subject:ar1(Days)", "cor_rho|Subject:Days")
    #expect(abs(a.lower! - b.lower!) < 1e-4)
    #expect(abs(a.upper! - b.upper!) < 1e-4)
  }

  @Test func `rows, shards and files do not matter`() throws {
    let whole = try fitted(Self.field, source(plots(without: true)))
    let turned = try fitted(Self.field, source(plots(without: true).reversed()))
    let folder = try TemporaryFolder()
    let (lines, formula) = (plots(without: true), try Formula(Self.field))
    var sum = try CrossProducts(formula, data: [source(lines[..<60])], options: FitOptions())
    try sum.merge(CrossProducts(formula, data: [source(lines[60...])], options: FitOptions()))
    try whole.save(to: folder.file("field.lmm"))
    let restored = try Fit(contentsOf: folder.file("field.lmm"))
    for other in [turned.fit, try Fit(sum), restored] {
      #expect(abs(other.criterion - whole.fit.criterion) < 1e-7)
      for (x, y) in zip(other.fixedEffects, whole.fit.fixedEffects) {
        #expect(abs(x.estimate! - y.estimate!) < 1e-3 && abs(x.standardError! - y.standardError!) < 1e-3)
      }
    }
  }

  /// Beside a term whose levels are independent, and beside fixed levels that are absorbed.
  @Test func `other terms stand beside it`() throws {
    let data = DataSource.file(Files.data("slatehall.csv"))
    let random = try fitted("yield ~ 1 + (1 | gen) + ar1(row):ar1(col)", data)
    #expect(random.fit.convergence.converged && random.fit.varianceComponents.count == 2)
    let absorbed = try fitted("yield ~ 1 + ar1(row):ar1(col) | gen", data).fit
    let written = try fitted(Self.field, data).fit
    #expect(abs(absorbed.sigma - written.sigma) < 1e-3)
    #expect(zip(absorbed.theta.values, written.theta.values).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  /// Levels that are neighbours on an axis are those that steps in time lead to: with equal variances of both
  /// processes it does not matter which is called residual.
  @Test func `residuals in time stand beside days`() throws {
    var options = FitOptions()
    options.residual = try ResidualTerm("ar1(Days | Subject)")
    let criterion = try Criterion(
      Formula("Reaction ~ Days + Subject:ar1(Days)"),
      data: [DataSource.file(Files.data("sleepstudy.csv"))], options: options)
    for (a, b) in [(0.8, 0.3), (-0.2, 0.6)] {
      #expect(abs(try criterion([1, a, b]) - criterion([1, b, a])) < 1e-8)
    }
    #expect(abs(try criterion([1, 0.8, 0.3]) - criterion([1, 0.8, 0.5])) > 0.01)
    try expectExactGradient(criterion, at: [0.7, 0.8, 0.3])
  }

  /// Effects that are drawn have the correlations that they are drawn with.
  @Test func `replicates have the parameters of their fit on average`() throws {
    let fitted = try fitted("yield ~ 1 + ar1(row):ar1(col)", .file(Files.data("slatehall.csv")))
    var options = BootstrapOptions()
    (options.replicates, options.seed) = (60, 3)
    let bootstrap = try fitted.bootstrap(options)
    let names = fitted.bootstrapNames
    let k = try #require(names.firstIndex(of: "cor_rho.col|row:col"))
    let values = bootstrap.replicates.map { $0.values[k] }
    let mean = values.reduce(0, +) / Double(values.count)
    let truth = fitted.fit.varianceComponents[0].structure!.parameters[1]
    #expect(abs(mean - truth.estimate) < 0.15)
    #expect(values.allSatisfy { abs($0) < 1 })
  }

  @Test func `what cannot be is an error that says what to do`() throws {
    func message(_ formula: String, _ lines: [String]? = nil) -> String {
      do {
        _ = try fitted(formula, source(lines ?? plots(without: false)))
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(message("yield ~ 1 + ar1(row):ar1(col) + (1 | row:col)").contains("Take one of both out"))
    #expect(message("yield ~ 1 + ar1(row):ar1(col) + ar1(col):ar1(row)").contains("Take one of both out"))
    #expect(message("yield ~ 1 + ou(gen)").contains("no number"))
    #expect(message("yield ~ ar1(row, col)").contains("ar1"))
    let halves = plots(without: false).map { line in
      let cells = line.split(separator: ",")
      return "\(cells[0]),\(Double(cells[1])! / 2),\(cells[2]),\(cells[3]),\(cells[4])"
    }
    #expect(message("yield ~ 1 + ar1(row):ar1(col)", halves).contains("ou(row)"))
    let spread = plots(without: false).map { $0.replacingOccurrences(of: ",10,", with: ",90000,") }
    #expect(message("yield ~ 1 + ar1(row):ar1(col)", spread).contains("cells along its axes"))
    let model = try fitted("yield ~ 1 + ar1(row):ar1(col)", source(plots(without: false)))
    let error = #expect(throws: InferenceError.self) { try KenwardRoger(model) }
    #expect("\(error!)".contains("satterthwaite"))
  }

  /// Dense REML in NumPy of y ~ N(μ, s²R_row ∘ R_col + v²GGᵀ), without a part of single plots.
  @Test func `a field without residuals of its own is one with next to none`() throws {
    let formula = "yield ~ 1 + ar1(row):ar1(col) + (1 | gen)"
    let fit = try fitted(formula, .file(Files.data("slatehall.csv"))) { $0.knownSigma = 0.1 }.fit
    #expect(abs(fit.criterion - 1937.2950285673546) < 1e-4 && fit.convergence.converged)
    let field = try #require(fit.varianceComponents.first { $0.group == "row:col" })
    let parameters = try #require(field.structure).parameters
    #expect(abs(field.standardDeviations[0] / 195.03516227 - 1) < 1e-5)
    for (parameter, ρ) in zip(parameters, [0.45247148, 0.67893594]) { #expect(abs(parameter.estimate - ρ) < 1e-5) }
    let gen = try #require(fit.varianceComponents.first { $0.group == "gen" })
    #expect(abs(gen.standardDeviations[0] / 129.59308423 - 1) < 1e-5)
  }

  /// Plots that lie on a plane but for their residuals. Dense equations in NumPy: with 1 − ρ of both axes from
  /// 10⁻³ down to 10⁻⁶ the criterion falls from 121.7092 to 121.7082 and on, by less and less, and where they
  /// are so near to 1 the entries of Q have lost the digits that would tell.
  @Test func `correlations along both axes that go to 1 have no maximum`() throws {
    let blocks = Array("33034334330143103244211003323444422")
    let y = [
      0.3385, -0.315, 1.2121, -1.0161, -1.0827, -0.8453, -2.7251, -2.2043, -0.458, -0.635, 0.1896, -0.486,
      -0.4091, -3.6148, -3.6313, -0.2549, -1.2232, -1.1974, -3.896, -2.6064, -3.0792, -2.669, -0.7127, -0.0408,
      0.5929, -2.1784, -1.7523, -1.4837, 1.621, -2.7265, 0.4117, 1.0569, -2.2302, 0.9143, 0.6335,
    ]
    let lines = y.indices.map { "1,\($0 / 7 + 1),\($0 % 7 + 1),\(blocks[$0]),\(y[$0])" }
    let error = #expect(throws: FitError.self) {
      try fitted("yield ~ 1 + ar1(row):ar1(col) + (1 | gen)", source(lines)) {
        $0.start = [41.36, 0.99974, 0.999943, 0.686]
      }
    }
    #expect("\(error!)".contains("that go to 1, and the likelihood has no maximum"))
  }
}
