// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Factors of the fixed part that are kept as sparse columns give what their dense columns give.
@Suite struct `Sparse columns of the fixed part` {
  struct Model: Sendable, CustomTestStringConvertible {
    let formula: String
    let file: String
    let sparse: [String]
    var θ: [Double] = []
    var weights: String?
    var contrasts: [String: Contrast] = [:]
    var testDescription: String { "\(formula), \(sparse)" }
  }

  static let models = [
    Model(
      formula: "score ~ Machine + factor(Worker) + (1 | Worker:Machine)", file: "machines_unbalanced.csv",
      sparse: ["factor(Worker)"], θ: [1.3]),
    Model(
      formula: "score ~ Machine + factor(Worker) + (1 | Worker:Machine)", file: "machines_unbalanced.csv",
      sparse: ["Machine", "factor(Worker)"], θ: [1.3]),
    Model(
      formula: "score ~ 0 + Machine + (1 | Worker)", file: "machines_unbalanced.csv", sparse: ["Machine"],
      θ: [0.9]),
    Model(
      formula: "diameter ~ sample + (1 | plate)", file: "penicillin.csv", sparse: ["sample"], θ: [1.5]),
    Model(
      formula: "diameter ~ sample + (1 | plate)", file: "penicillin.csv", sparse: ["sample"], θ: [1.5],
      contrasts: ["sample": .sum]),
    Model(
      formula: "angle ~ temp + recipe + factor(replicate) + (temp | recipe:replicate)", file: "cake.csv",
      sparse: ["recipe", "factor(replicate)"], θ: [0.7, 0.01, 0.02]),
    Model(
      formula: "angle ~ temp * recipe + factor(replicate) + (1 | recipe:replicate)", file: "cake.csv",
      sparse: ["factor(replicate)"], θ: [0.7]),
    Model(
      formula: "angle ~ recipe + temp + (0 + temp | replicate)", file: "cake.csv", sparse: ["recipe"],
      θ: [0.02], weights: "temperature"),
    Model(
      formula: "attain ~ verbal + sex + factor(primary) + (1 | second)", file: "scotssec.csv",
      sparse: ["factor(primary)"], θ: [0.17]),
  ]

  /// With slopes of the levels.
  static let slopes = [
    Model(
      formula: "angle ~ recipe + temp * factor(replicate) + (1 | recipe:replicate)", file: "cake.csv",
      sparse: ["factor(replicate)"], θ: [0.7]),
    Model(
      formula: "angle ~ recipe * temp + recipe:I(temp^2) + (temp | replicate)", file: "cake.csv",
      sparse: ["recipe"], θ: [0.7, 0.01, 0.02], weights: "temperature"),
    Model(
      formula: "angle ~ 0 + recipe + factor(replicate) + recipe:temperature + (1 | recipe:replicate)",
      file: "cake.csv", sparse: ["recipe"], θ: [0.7]),
  ]

  static func fitted(
    _ model: Model, isSparse: Bool, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    try fitted(
      model.formula, [.file(Files.data(model.file))], isSparse ? .factors(model.sparse) : .none
    ) { options in
      (options.weights, options.contrasts) = (model.weights, model.contrasts)
      change(&options)
    }
  }

  static func fitted(
    _ formula: String, _ data: [any TableSource], _ sparse: SparseFixedEffects,
    _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var options = FitOptions()
    (options.threads, options.sparseFixed) = (1, sparse)
    change(&options)
    return try FittedModel(Formula(formula), data: data, options: options)
  }

  static func expectEqual(_ a: Double?, _ b: Double?, _ tolerance: Double, _ what: String) {
    guard let a, let b else {
      #expect(a == nil && b == nil, "\(what)")
      return
    }
    #expect(a == b || abs(a - b) <= tolerance * (1 + abs(a)), "\(what): \(a), \(b)")
  }

  @Test(arguments: models + slopes, [CriterionKind.reml, .ml])
  func `at one θ their digits are those of dense columns`(model: Model, kind: CriterionKind) throws {
    let set = { (options: inout FitOptions) in
      options.criterion = kind
      options.knownTheta = model.θ
    }
    let dense = try Self.fitted(model, isSparse: false, set).tested()
    let sparse = try Self.fitted(model, isSparse: true, set).tested()
    #expect(abs(dense.criterion - sparse.criterion) < 1e-9 * abs(dense.criterion))
    #expect(abs(dense.sigma / sparse.sigma - 1) < 1e-10)
    #expect(dense.fixedEffects.map(\.name) == sparse.fixedEffects.map(\.name))
    #expect(dense.droppedColumns == sparse.droppedColumns)
    #expect(dense.fixedEffectCount == sparse.fixedEffectCount)
    #expect(dense.parameterCount == sparse.parameterCount && dense.fixedRank == sparse.fixedRank)
    for (a, b) in zip(dense.fixedEffects, sparse.fixedEffects) {
      Self.expectEqual(a.estimate, b.estimate, 1e-9, a.name)
      Self.expectEqual(a.standardError, b.standardError, 1e-9, "SE of \(a.name)")
    }
    let place = Dictionary(uniqueKeysWithValues: zip(dense.vcovNames, 0...))
    for (i, a) in sparse.vcovNames.enumerated() {
      for (j, b) in sparse.vcovNames.enumerated() {
        Self.expectEqual(
          dense.vcov[place[a]!][place[b]!], sparse.vcov[i][j], 1e-9, "covariance of \(a) and \(b)")
      }
    }
  }

  @Test(arguments: models.filter { $0.file != "scotssec.csv" } + slopes)
  func `fits, degrees of freedom and tests of terms are those of dense columns`(model: Model) throws {
    let dense = try Self.fitted(model, isSparse: false)
    let sparse = try Self.fitted(model, isSparse: true)
    let (a, b) = (try dense.tested(), try sparse.tested())
    #expect(abs(a.criterion - b.criterion) < 1e-8)
    for (a, b) in zip(a.fixedEffects, b.fixedEffects) {
      Self.expectEqual(a.estimate, b.estimate, 1e-6, a.name)
      Self.expectEqual(a.standardError, b.standardError, 1e-6, "SE of \(a.name)")
      Self.expectEqual(a.degreesOfFreedom, b.degreesOfFreedom, 1e-4, "df of \(a.name)")
      Self.expectEqual(a.pValue, b.pValue, 1e-5, "p of \(a.name)")
    }
    guard !model.formula.contains("0 + ") else { return }
    let hasSlopes = Self.slopes.contains { $0.formula == model.formula }
    for type in hasSlopes ? [] : [TypeOfHypothesis.marginality, .marginalMeans] {
      let (ours, theirs) = (
        try sparse.anova(type: type, .satterthwaite), try dense.anova(type: type, .satterthwaite)
      )
      #expect(ours.rows.map(\.name) == theirs.rows.map(\.name))
      for (a, b) in zip(theirs.rows, ours.rows) {
        #expect(a.numeratorDF == b.numeratorDF)
        Self.expectEqual(a.statistic, b.statistic, 1e-5, "F of \(a.name)")
        Self.expectEqual(a.denominatorDF, b.denominatorDF, 1e-4, "df of \(a.name)")
        Self.expectEqual(a.sumOfSquares, b.sumOfSquares, 1e-5, "squares of \(a.name)")
      }
    }
    let (ours, theirs) = (
      try sparse.singleTermDeletions(.residual), try dense.singleTermDeletions(.residual)
    )
    for (a, b) in zip(theirs.rows, ours.rows) {
      #expect(a.name == b.name && a.numeratorDF == b.numeratorDF)
      Self.expectEqual(a.statistic, b.statistic, 1e-5, "F of \(a.name)")
    }
    let (r, q) = (try dense.varianceExplained(), try sparse.varianceExplained())
    #expect(abs(r.marginalR² - q.marginalR²) < 1e-6)
  }

  /// lmerTest: lmer(attain ~ verbal + sex + factor(primary) + (1 | second), scotssec).
  @Test func `a factor of 148 levels is that of lmerTest`() throws {
    let fitted = try Self.fitted(Self.models.last!, isSparse: true)
    let fit = try fitted.tested()
    #expect(abs(fit.criterion - 14490.4718724096) < 1e-6)
    #expect(fit.fixedEffects.count == 150 && fit.fixedEffectCount == 150)
    #expect(fit.sparse.map(\.levelCount) == [148] && fit.absorbed.isEmpty)
    #expect(fit.vcovNames == ["(Intercept)", "verbal", "sexM"])
    let truth = [
      ("(Intercept)", 6.168281320671183, 0.37786559901056893, 37.3942760826375),
      ("verbal", 0.156084017738997, 0.00285712562272792, 3282.6846403722056),
      ("factor(primary)2", -0.437202853914153, 0.91849171957950393, 180.6980212377807),
      ("factor(primary)146", 0.822322530577675, 2.10777959601745746, 2586.3937386476891),
      ("factor(primary)148", 1.166278402040642, 2.11017238365633242, 2414.3769636135266),
    ]
    for (name, estimate, error, df) in truth {
      let effect = try #require(fit.fixedEffects.first { $0.name == name })
      Self.expectEqual(estimate, effect.estimate, 1e-6, name)
      Self.expectEqual(error, effect.standardError, 1e-6, name)
      Self.expectEqual(df, effect.degreesOfFreedom, 1e-4, name)
    }
    let row = try #require(try fitted.anova(.satterthwaite).rows.last)
    let other = try #require(
      try Self.fitted(Self.models.last!, isSparse: false).anova(.satterthwaite).rows.last)
    #expect(row.name == "factor(primary)" && row.numeratorDF == 147)
    #expect(abs(row.statistic! / other.statistic! - 1) < 1e-6)
    #expect(abs(row.denominatorDF! / other.denominatorDF! - 1) < 1e-3)
    #expect(abs(row.pValue! / other.pValue! - 1) < 1e-2)
  }

  /// 400 levels are more than have all their combinations taken.
  @Test func `the degrees of freedom of a large term are about those of dense columns`() throws {
    var random = SplitMix64(seed: 41)
    let (levels, groups) = ((0..<400).map { _ in 0.3 * random.normal() }, (0..<25).map { _ in random.normal() })
    var text = "y,x,f,g\n"
    for row in 0..<2000 {
      let (f, g) = (row < 400 ? row : random.below(400), random.below(25))
      let x = random.normal()
      text += "\(0.2 * x + levels[f] + groups[g] + random.normal()),\(x),l\(f),g\(g)\n"
    }
    func row(_ sparse: SparseFixedEffects) throws -> FTest {
      var options = FitOptions()
      (options.threads, options.sparseFixed) = (1, sparse)
      let fitted = try FittedModel(
        Formula("y ~ x + f + (1 | g)"), data: [.bytes(Array(text.utf8), name: "t.csv")], options: options)
      return try #require(try fitted.anova(.satterthwaite).rows.last)
    }
    let (sparse, dense) = (try row(.factors(["f"])), try row(.none))
    #expect(sparse.name == "f" && sparse.numeratorDF == 399 && dense.numeratorDF == 399)
    #expect(abs(sparse.statistic! / dense.statistic! - 1) < 1e-6)
    #expect(abs(sparse.denominatorDF! / dense.denominatorDF! - 1) < 0.02)
    #expect(abs(sparse.pValue! - dense.pValue!) < 0.01 * dense.pValue!)
  }

  @Test func `contrasts of levels are those of dense columns`() throws {
    let model = Self.models[6]
    let texts = [
      "factor(replicate)3 - factor(replicate)2 = 1", "(Intercept) + 2*temp + factor(replicate)15",
      "factor(replicate)3 = 0", "factor(replicate)2 = -1", "recipeB - recipeC",
    ]
    let (dense, sparse) = (
      try Self.fitted(model, isSparse: false), try Self.fitted(model, isSparse: true)
    )
    func table(_ fitted: FittedModel) throws -> ContrastTable {
      try fitted.contrast(texts.map { try fitted.hypothesis($0) }, .satterthwaite)
    }
    let (a, b) = (try table(dense), try table(sparse))
    for (a, b) in zip(a.rows, b.rows) {
      Self.expectEqual(a.estimate, b.estimate, 1e-6, a.name)
      Self.expectEqual(a.standardError, b.standardError, 1e-6, a.name)
      Self.expectEqual(a.df, b.df, 1e-4, a.name)
    }
    // The third follows from the first and the fourth.
    #expect(a.joint.numeratorDF == 4 && b.joint.numeratorDF == 4)
    Self.expectEqual(a.joint.statistic, b.joint.statistic, 1e-5, "joint F")
    Self.expectEqual(a.joint.denominatorDF, b.joint.denominatorDF, 1e-4, "joint df")
  }

  @Test(arguments: [MeansWeights.equal, .proportional])
  func `marginal means average over their levels`(weights: MeansWeights) throws {
    for (model, text, trend) in [
      (Self.models[6], "~ recipe", nil), (Self.models[6], "~ recipe", "temp"),
      (Self.models[0], "~ Machine", nil),
    ] {
      var options = MeansOptions()
      (options.comparison, options.weights, options.trend) = (.pairwise, weights, trend)
      let specification = try MeansSpecification(text)
      let (dense, sparse) = (
        try Self.fitted(model, isSparse: false).marginalMeans(specification, options),
        try Self.fitted(model, isSparse: true).marginalMeans(specification, options)
      )
      #expect(sparse.averaged == (trend == nil ? dense.averaged : []))
      #expect(sparse.means.count == 3 && sparse.differences?.count == 3)
      let tests = zip(dense.means.map(\.test), sparse.means.map(\.test))
      let others = zip(dense.differences!.map(\.test), sparse.differences!.map(\.test))
      for (a, b) in Array(tests) + Array(others) {
        let (a, b) = (try #require(a), try #require(b))
        #expect(a.name == b.name)
        Self.expectEqual(a.estimate, b.estimate, 1e-6, a.name)
        Self.expectEqual(a.standardError, b.standardError, 1e-6, "SE of \(a.name)")
        Self.expectEqual(a.df, b.df, 1e-4, "df of \(a.name)")
        Self.expectEqual(a.pValue, b.pValue, 1e-5, "p of \(a.name)")
      }
    }
  }

  /// Two sets of workers and firms that no row connects, and columns that are constant within workers.
  static let panel: [any TableSource] = {
    var random = SplitMix64(seed: 23)
    var text = "y,x,z,v,worker,firm,g\n"
    for row in 0..<150 {
      let worker = row % 13
      let firm = worker < 8 ? random.below(3) : 3 + random.below(3)
      let x = random.normal() + Double(worker)
      let y = 100 + 0.5 * x + Double(firm) - 0.3 * Double(worker) + random.normal()
      text += "\(y),\(x),\(worker % 4),\(Double(worker % 5) + x),w\(worker),f\(firm),\(random.below(6))\n"
    }
    return [.bytes(Array(text.utf8), name: "panel.csv")]
  }()

  static func panelFit(
    _ formula: String, _ sparse: SparseFixedEffects, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    try fitted(formula, panel, sparse, change)
  }

  @Test(arguments: [
    ("y ~ x + z + worker + (1 | g)", ["worker"]), ("y ~ x + worker + z + (1 | g)", ["worker"]),
    ("y ~ x + z + I(z^2) + v + worker + (1 | g)", ["worker"]),
    ("y ~ x + factor(z) + worker + (1 | g)", ["worker"]),
    ("y ~ x + worker + firm + (1 | g)", ["worker", "firm"]),
    ("y ~ firm + x + worker + (x | g)", ["worker", "firm"]),
  ])
  func `columns that depend on others are dropped in R's order`(formula: String, sparse: [String]) throws {
    try Self.expectDropped(
      formula, Self.panel, sparse, [:],
      [
        "workerw1", "workerw12", "workerw12 - workerw10", "workerw3 - workerw11", "(Intercept)", "x",
        "(Intercept) + workerw2",
      ])
  }

  /// - Parameter texts: Hypotheses.
  static func expectDropped(
    _ formula: String, _ data: [any TableSource], _ sparse: [String], _ contrasts: [String: Contrast],
    _ texts: [String]
  ) throws {
    let set = { (options: inout FitOptions) in
      options.contrasts = contrasts
      guard formula.contains("(") else { return }
      options.knownTheta = formula.contains("(x") ? [0.5, 0.1, 0.3] : [0.5]
    }
    let model = try fitted(formula, data, .factors(sparse), set)
    let (a, b) = (try fitted(formula, data, .none, set).tested(), try model.tested())
    #expect(a.droppedColumns == b.droppedColumns && (!a.droppedColumns.isEmpty || !contrasts.isEmpty))
    #expect(abs(a.criterion - b.criterion) < 1e-9 * abs(a.criterion))
    for (a, b) in zip(a.fixedEffects, b.fixedEffects) {
      #expect(a.name == b.name)
      expectEqual(a.estimate, b.estimate, 1e-8, a.name)
      expectEqual(a.standardError, b.standardError, 1e-8, "SE of \(a.name)")
    }
    // What can be estimated of the rest is the same, and has the same tests.
    let dense = try fitted(formula, data, .none, set)
    for text in texts {
      let row = try? model.contrast([try model.hypothesis(text)], .none).rows[0]
      let other = try? dense.contrast([try dense.hypothesis(text)], .none).rows[0]
      expectEqual(other?.estimate, row?.estimate, 1e-8, text)
      expectEqual(other?.standardError, row?.standardError, 1e-8, text)
    }
  }

  @Test func `terms of several rows have the degrees of freedom of dense columns`() throws {
    let formula = "y ~ x + factor(z) + firm + (1 | g)"
    let (dense, sparse) = (
      try Self.panelFit(formula, .none), try Self.panelFit(formula, .factors(["firm", "factor(z)"]))
    )
    for (a, b) in zip(try dense.anova(.satterthwaite).rows, try sparse.anova(.satterthwaite).rows) {
      #expect(a.name == b.name && a.numeratorDF == b.numeratorDF)
      Self.expectEqual(a.statistic, b.statistic, 1e-5, "F of \(a.name)")
      Self.expectEqual(a.denominatorDF, b.denominatorDF, 1e-4, "df of \(a.name)")
    }
  }

  @Test func `they are kept in files, and predict`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/fit.lmm"
    let model = try Self.panelFit("y ~ x + worker + (1 | g)", .factors(["worker"]))
    try model.save(to: path)
    let again = try FittedModel(contentsOf: path)
    #expect(again.fit.sparse == model.fit.sparse)
    for (a, b) in zip(try model.tested().fixedEffects, try again.tested().fixedEffects) {
      Self.expectEqual(a.estimate, b.estimate, 1e-9, a.name)
      Self.expectEqual(a.degreesOfFreedom, b.degreesOfFreedom, 1e-6, a.name)
    }
    var (fits, others): ([Double], [Double]) = ([], [])
    try model.residualPass().forEach { fits += $0.fitted }
    try Self.panelFit("y ~ x + worker + (1 | g)", .none).residualPass().forEach { others += $0.fitted }
    #expect(distance(fits, others) < 1e-5)
  }
}
