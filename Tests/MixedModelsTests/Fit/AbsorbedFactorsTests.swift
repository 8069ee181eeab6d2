// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// y ~ x + (1 | g) | a + b is y ~ x + a + b + (1 | g) without the coefficients of a and b.
@Suite struct `Absorbed factors` {
  private static func fitted(
    _ formula: String, _ file: String, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var options = FitOptions()
    options.threads = 1
    change(&options)
    return try FittedModel(
      Formula(formula), data: [.file(Files.data(file))], options: options)
  }

  struct Pair: Sendable, CustomTestStringConvertible {
    let file: String
    let written: String
    let absorbed: String
    var weights: String?
    var testDescription: String { absorbed }
  }

  static let pairs = [
    Pair(
      file: "machines_unbalanced.csv", written: "score ~ Machine + factor(Worker) + (1 | Worker:Machine)",
      absorbed: "score ~ Machine + (1 | Worker:Machine) | Worker"),
    Pair(
      file: "penicillin.csv", written: "diameter ~ sample + (1 | plate)",
      absorbed: "diameter ~ 0 + (1 | plate) | sample"),
    Pair(
      file: "cake.csv",
      written: "angle ~ temp + recipe + factor(replicate) + (temp | recipe:replicate)",
      absorbed: "angle ~ temp + (temp | recipe:replicate) | recipe + replicate"),
    Pair(
      file: "cake.csv",
      written: "angle ~ temp + recipe + (1 | replicate)",
      absorbed: "angle ~ temp + (1 | replicate) | recipe", weights: "temperature"),
  ]

  @Test(arguments: pairs, [CriterionKind.reml, .ml])
  func `they are fixed effects that are not reported`(pair: Pair, kind: CriterionKind) throws {
    let set = { (options: inout FitOptions) in
      options.criterion = kind
      options.weights = pair.weights
    }
    let written = try Self.fitted(pair.written, pair.file, set)
    let absorbed = try Self.fitted(pair.absorbed, pair.file, set)
    let (a, b) = (try written.tested(), try absorbed.tested())
    #expect(abs(a.criterion - b.criterion) < 1e-8)
    #expect(abs(a.sigma / b.sigma - 1) < 1e-6)
    #expect(distance(a.theta.values, b.theta.values) < 1e-5)
    #expect(a.residualDegreesOfFreedom == b.residualDegreesOfFreedom)
    #expect(abs(a.aic - b.aic) < 1e-8)
    let known = Dictionary(uniqueKeysWithValues: a.fixedEffects.map { ($0.name, $0) })
    for effect in b.fixedEffects {
      let other = try #require(known[effect.name])
      #expect(abs(effect.estimate! - other.estimate!) < 1e-6 * (1 + abs(other.estimate!)))
      #expect(abs(effect.standardError! / other.standardError! - 1) < 1e-5)
      #expect(abs(effect.degreesOfFreedom! / other.degreesOfFreedom! - 1) < 1e-3)
    }
    let (r, q) = (try written.varianceExplained(), try absorbed.varianceExplained())
    #expect(abs(r.marginalR² - q.marginalR²) < 1e-6)
    #expect(abs(r.conditionalR² - q.conditionalR²) < 1e-6)
    var (fits, others): ([Double], [Double]) = ([], [])
    try written.residualPass().forEach { fits += $0.fitted }
    try absorbed.residualPass().forEach { others += $0.fitted }
    #expect(distance(fits, others) < 1e-5)
  }

  /// R: lm(attain ~ verbal + sex + primary + second, scotssec), the last two as factors; the R² of the
  /// residuals of both on primary + second is the one within.
  @Test func `least squares is that of R`() throws {
    let fit = try Self.fitted("attain ~ verbal + sex | primary + second", "scotssec.csv").tested()
    let (verbal, sex) = (fit.fixedEffects[0], fit.fixedEffects[1])
    #expect(fit.fixedEffects.map(\.name) == ["verbal", "sexM"])
    #expect(abs(verbal.estimate! - 0.155553100917721) < 1e-12)
    #expect(abs(sex.estimate! - -0.127038776032867) < 1e-12)
    #expect(abs(verbal.standardError! - 0.00286763111339144) < 1e-13)
    #expect(abs(sex.standardError! - 0.07206819311647990) < 1e-12)
    #expect(abs(sex.pValue! - 0.0780348174268792) < 1e-9)
    #expect(abs(fit.sigma - 2.05637534815117) < 1e-12)
    #expect(fit.residualDegreesOfFreedom == 3267 && fit.fixedRank == 168)
    #expect(fit.absorbed.map(\.levelCount) == [148, 19])
    #expect(fit.absorbed.map(\.estimatedCount) == [148, 18])
    let explained = try #require(fit.variationExplained)
    #expect(abs(explained.overall - 0.569933694992951) < 1e-12)
    #expect(abs(explained.adjustedOverall - 0.547949895502232) < 1e-12)
    #expect(abs(explained.within! - 0.477469717481553) < 1e-12)
    let likelihood = try Self.fitted("attain ~ verbal + sex | primary + second", "scotssec.csv") {
      $0.criterion = .ml
    }.fit
    #expect(abs(likelihood.criterion - 14528.7517756724) < 1e-8)
  }

  /// lmerTest: lmer(attain ~ verbal + sex + primary + (1 | second), scotssec).
  @Test func `a factor of 148 levels beside a random one is that of lmerTest`() throws {
    let fit = try Self.fitted("attain ~ verbal + sex + (1 | second) | primary", "scotssec.csv")
      .tested()
    #expect(abs(fit.criterion - 14490.4718724096) < 1e-6)
    #expect(abs(fit.theta.values[0] - 0.170851841089994) < 1e-5)
    #expect(abs(fit.sigma - 2.05534486784699) < 1e-6)
    #expect(abs(fit.fixedEffects[0].estimate! - 0.156084017738997) < 1e-7)
    #expect(abs(fit.fixedEffects[1].standardError! - 0.07195509230340331) < 1e-7)
    #expect(abs(fit.fixedEffects[0].degreesOfFreedom! - 3282.6846) < 0.01)
    #expect(abs(fit.fixedEffects[1].degreesOfFreedom! - 3280.5231) < 0.01)
    #expect(abs(fit.aic - 14794.4718724096) < 1e-6 && fit.residualDegreesOfFreedom == 3283)
  }

  /// Two sets of workers and firms that no row connects, a covariate that is constant within workers, and
  /// a worker who is alone.
  private static let panel: [any TableSource] = {
    var random = SplitMix64(seed: 17)
    var text = "y,x,z,worker,firm,g,v\n"
    for row in 0..<120 {
      let worker = row % 13
      let firm = worker == 12 ? 9 : worker < 8 ? random.below(3) : 3 + random.below(2)
      let x = random.normal() + Double(worker)
      let y = 100 + 0.5 * x + Double(firm) - 0.3 * Double(worker) + random.normal()
      text += "\(y),\(x),\(worker % 4),w\(worker),f\(firm),\(random.below(6)),\(1 + row % 5)\n"
    }
    return [.bytes(Array(text.utf8), name: "panel.csv")]
  }()

  private static func panelFit(
    _ formula: String, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var options = FitOptions()
    options.threads = 1
    change(&options)
    return try FittedModel(Formula(formula), data: panel, options: options)
  }

  @Test func `one level in each connected set is redundant`() throws {
    let model = try Self.panelFit("y ~ x + z | worker + firm")
    #expect(model.fit.absorbed.map(\.levelCount) == [13, 6])
    #expect(model.fit.absorbed.map(\.estimatedCount) == [13, 3])
    #expect(model.fit.droppedColumns == ["z"])
    #expect(model.fit.convergence.messages.contains { $0.contains(": z is explained by") })
    let firms = model.absorbedEffects[1]
    #expect(firms.levels == ["f0", "f1", "f2", "f3", "f4", "f9"])
    #expect(firms.isRedundant == [true, false, false, true, false, true])
    // Effects and Xβ add up to fitted values.
    var fitted: [Double] = []
    try model.residualPass().forEach { fitted += $0.fitted }
    let b = model.fit.fixedEffects[0].estimate!
    let text = String(decoding: try Self.panelBytes(), as: UTF8.self)
    for (line, value) in zip(text.split(separator: "\n").dropFirst(), fitted) {
      let fields = line.split(separator: ",").map(String.init)
      let (workers, firms) = (model.absorbedEffects[0], model.absorbedEffects[1])
      let sum =
        b * Double(fields[1])! + workers.values[workers.levels.firstIndex(of: fields[3])!]
        + firms.values[firms.levels.firstIndex(of: fields[4])!]
      #expect(abs(sum - value) < 1e-9)
    }
  }

  private static func panelBytes() throws -> [UInt8] {
    var random = SplitMix64(seed: 17)
    var text = "y,x,z,worker,firm,g,v\n"
    for row in 0..<120 {
      let worker = row % 13
      let firm = worker == 12 ? 9 : worker < 8 ? random.below(3) : 3 + random.below(2)
      let x = random.normal() + Double(worker)
      let y = 100 + 0.5 * x + Double(firm) - 0.3 * Double(worker) + random.normal()
      text += "\(y),\(x),\(worker % 4),w\(worker),f\(firm),\(random.below(6)),\(1 + row % 5)\n"
    }
    return Array(text.utf8)
  }

  /// R: summary(lm(attain ~ 0 + primary + second + verbal + sex, scotssec)) and
  /// summary(lmer(attain ~ 0 + primary + verbal + sex + (1 | second), scotssec)).
  @Test func `standard errors of their effects are those of coefficients`() throws {
    let least = try Self.fitted("attain ~ verbal + sex | primary + second", "scotssec.csv")
    let (effects, errors) = (least.absorbedEffects, try least.absorbedStandardErrors())
    #expect(abs(effects[0].values[0] - 6.36944177540996) < 1e-9)
    #expect(abs(errors[0][0] - 0.48042016936735) < 1e-9)
    #expect(abs(effects[1].values[1] - 0.10044359086413) < 1e-9)
    #expect(abs(errors[1][1] - 0.76505211267259) < 1e-9)
    #expect(errors[1][0].isNaN)
    let mixed = try Self.fitted("attain ~ verbal + sex + (1 | second) | primary", "scotssec.csv")
    #expect(abs(mixed.absorbedEffects[0].values[0] - 6.16828132074358) < 1e-5)
    #expect(abs(try mixed.absorbedStandardErrors()[0][0] - 0.37786559912386) < 1e-5)
  }

  @Test func `three factors are looked at for all their dependencies`() throws {
    // z is constant within workers, so that as a factor it adds nothing.
    let two = try Self.panelFit("y ~ x | worker + firm").fit
    let three = try Self.panelFit("y ~ x | worker + firm + z").fit
    #expect(three.absorbed.map(\.estimatedCount) == [13, 3, 0])
    #expect(abs(two.criterion - three.criterion) < 1e-9)
    #expect(abs(two.fixedEffects[0].estimate! - three.fixedEffects[0].estimate!) < 1e-12)
    let twice = try Self.panelFit("y ~ x | worker + factor(worker) + firm").fit
    #expect(twice.absorbed == two.absorbed && twice.criterion == two.criterion)
    let interaction = try Self.panelFit("y ~ x | worker:firm + g").fit
    #expect(interaction.absorbed.map(\.name) == ["worker:firm", "g"])
  }

  /// The levels of the largest factor eliminated, conjugate gradients for the next one.
  @Test(arguments: [
    "y ~ x + z | worker + firm", "y ~ x | firm + worker", "y ~ x | worker + firm + g", "y ~ x | g + firm + worker",
    "y ~ x | worker + factor(worker) + firm", "y ~ x | worker + firm + z",
  ], [false, true])
  func `conjugate gradients find what a factor does`(formula: String, isWeighted: Bool) throws {
    func fitted(_ solver: String) throws -> FittedModel {
      try Self.panelFit(formula) {
        $0.solver = solver
        $0.weights = isWeighted ? "v" : nil
      }
    }
    let (exact, own) = (try fitted("cholmod"), try fitted("matrix-free"))
    #expect(exact.fit.absorbed.map(\.levelCount) == own.fit.absorbed.map(\.levelCount))
    #expect(exact.fit.fixedRank == own.fit.fixedRank && exact.fit.droppedColumns == own.fit.droppedColumns)
    for (a, b) in zip(exact.fit.fixedEffects, own.fit.fixedEffects) where a.estimate != nil {
      #expect(abs(b.estimate! / a.estimate! - 1) < 1e-11)
      #expect(abs(b.standardError! / a.standardError! - 1) < 1e-11)
    }
    var (fits, others): ([Double], [Double]) = ([], [])
    try exact.residualPass().forEach { fits += $0.fitted }
    try own.residualPass().forEach { others += $0.fitted }
    #expect(distance(fits, others) < 1e-10)
    if exact.fit.absorbed.count == 2 {
      #expect(abs(own.fit.criterion - exact.fit.criterion) < 1e-9)
      for (a, b) in zip(exact.absorbedEffects, own.absorbedEffects) {
        #expect(a.isRedundant == b.isRedundant)
        #expect(distance(a.values, b.values) < 1e-10)
      }
    }
  }

  @Test(arguments: [
    "y ~ x + (1 | worker) | worker + firm", "y ~ x + (1 + x | firm) | worker + firm",
    "y ~ x + (1 | z) | worker",
  ])
  func `a random term that they explain is refused`(formula: String) {
    #expect {
      try Self.panelFit(formula)
    } throws: { error in
      guard case FitError.explainedByAbsorbed(_, _, "(Intercept)") = error else { return false }
      return true
    }
  }

  @Test func `slopes of an absorbed factor's levels may be random`() throws {
    let absorbed = try Self.panelFit("y ~ x + (0 + x | worker) | worker").fit
    let written = try Self.panelFit("y ~ x + worker + (0 + x | worker)").fit
    #expect(abs(absorbed.criterion - written.criterion) < 1e-8)
  }

  @Test func `strategies agree, whatever asks for them`() throws {
    let formula = "y ~ x + (1 | g) + (1 | firm) | worker"
    let values = try ["auto", "absorb", "cholmod", "matrix-free"].flatMap { solver in
      try [CriterionKind.reml, .ml].map { kind in
        try Self.panelFit(formula) {
          $0.solver = solver
          $0.criterion = kind
        }.fit.criterion
      }
    }
    // A core of twelve levels takes all unit vectors for probes, so that nothing is estimated.
    for k in 2..<8 { #expect(abs(values[k] - values[k % 2]) < 1e-8) }
  }

  @Test func `the exact gradient is the slope of the criterion`() throws {
    var options = FitOptions()
    options.threads = 1
    for kind in [CriterionKind.reml, .ml] {
      options.criterion = kind
      let criterion = try Criterion(
        Formula("y ~ x + (1 | g) + (0 + x | firm) | worker"), data: Self.panel, options: options)
      let θ = [0.7, 0.4]
      let exact = try criterion.gradient(θ).gradient
      for k in θ.indices {
        var (ahead, behind) = (θ, θ)
        ahead[k] += 1e-5
        behind[k] -= 1e-5
        let difference = (try criterion(ahead) - criterion(behind)) / 2e-5
        #expect(abs(difference - exact[k]) < 1e-6 * (1 + abs(exact[k])))
      }
    }
  }

  @Test func `a saved fit is the same, and parts add up`() throws {
    let folder = try TemporaryFolder()
    for formula in ["y ~ x + (1 | g) | worker + firm", "y ~ x | worker + firm"] {
      let path = folder.file("absorbed.lmm")
      let model = try Self.panelFit(formula)
      try model.save(to: path)
      let again = try FittedModel(contentsOf: path)
      #expect(again.fit.criterion == model.fit.criterion)
      #expect(again.fit.absorbed == model.fit.absorbed)
      #expect(distance(again.absorbedEffects[0].values, model.absorbedEffects[0].values) < 1e-10)
    }
    let lines = String(decoding: try Self.panelBytes(), as: UTF8.self).split(separator: "\n")
    let parts = try [lines[1..<50], lines[50...]].map { part in
      let text = ([lines[0]] + part).joined(separator: "\n") + "\n"
      return try CrossProducts(
        Formula("y ~ x + (1 | g) | worker + firm"), data: [.bytes(Array(text.utf8), name: "part")])
    }
    var sum = parts[1]
    try sum.merge(parts[0])
    let merged = try FittedModel(sum)
    let whole = try Self.panelFit("y ~ x + (1 | g) | worker + firm")
    #expect(abs(merged.fit.criterion - whole.fit.criterion) < 1e-9)
    // From the same products a model that absorbs less.
    let narrow = try FittedModel(sum.narrowed(to: Formula("y ~ x + (1 | g) | worker"), name: "sum"))
    let own = try Self.panelFit("y ~ x + (1 | g) | worker")
    #expect(abs(narrow.fit.criterion - own.fit.criterion) < 1e-9)
  }

  /// Conjugate gradients with a third factor have no determinant.
  @Test func `least squares without a criterion is kept in files, and not compared`() throws {
    let folder = try TemporaryFolder()
    let formula = "y ~ x | worker + firm + g"
    func fitted(_ formula: String, _ solver: String) throws -> FittedModel {
      try Self.panelFit(formula) { $0.solver = solver }
    }
    func read(_ solver: String) throws -> FittedModel {
      var options = FitOptions()
      options.solver = solver
      return try FittedModel(contentsOf: folder.file("least.lmm"), options: options)
    }
    let (without, with) = (try fitted(formula, "matrix-free"), try fitted(formula, "cholmod"))
    #expect(without.fit.criterion.isNaN && with.fit.criterion.isFinite)
    for saved in [without, with] {
      try saved.save(to: folder.file("least.lmm"))
      for solver in ["matrix-free", "cholmod"] {
        let again = try read(solver)
        #expect(again.fit.criterion.isNaN == (solver == "matrix-free"))
        #expect(abs(again.fit.fixedEffects[0].estimate! - with.fit.fixedEffects[0].estimate!) < 1e-11)
      }
    }
    let larger = try fitted("y ~ x + (1 | v) | worker + firm + g", "matrix-free")
    for comparison: () throws -> Void in [
      { _ = try ModelComparison([("A", without), ("B", larger)]) },
      { _ = try larger.randomTermDeletions() },
    ] {
      let error = #expect(throws: InferenceError.self) { try comparison() }
      #expect(error.map { "\($0)".contains("was not computed") } == true)
    }
    // Maximum likelihood has no such determinant.
    let (a, b) = (
      try ModelComparison([("A", without), ("C", try fitted("y ~ x + I(x^2) | worker + firm + g", "matrix-free"))]),
      try ModelComparison([("A", with), ("C", try fitted("y ~ x + I(x^2) | worker + firm + g", "cholmod"))])
    )
    #expect(a.criterionKind == .ml && abs(a.rows[0].deviance - b.rows[0].deviance) < 1e-8)
  }

  @Test func `units and the level of the response do not matter`() throws {
    let lines = String(decoding: try Self.panelBytes(), as: UTF8.self).split(separator: "\n")
    let far = lines.dropFirst().reduce(String(lines[0]) + "\n") { text, line in
      var fields = line.split(separator: ",").map(String.init)
      fields[0] = "\(Double(fields[0])! * 1000 + 1e6)"
      fields[1] = "\(Double(fields[1])! + 1e5)"
      return text + fields.joined(separator: ",") + "\n"
    }
    let moved = try FittedModel(
      Formula("y ~ x + (1 | g) | worker + firm"), data: [.bytes(Array(far.utf8), name: "far")])
    let own = try Self.panelFit("y ~ x + (1 | g) | worker + firm")
    #expect(abs(moved.fit.sigma / own.fit.sigma - 1000) < 1e-4)
    #expect(
      abs(moved.fit.fixedEffects[0].estimate! / own.fit.fixedEffects[0].estimate! - 1000) < 1e-3)
  }

  /// Numbers are multiples of 1/1024, so that they are exact far from zero, too.
  private static func explained(_ formula: String, from y: Double, x: Double = 0) throws -> VariationExplained {
    var random = SplitMix64(seed: 11)
    func exact(_ value: Double) -> Double { (value * 1024).rounded() / 1024 }
    var text = "y,x,a,b,w\n"
    for row in 0..<90 {
      let (own, level) = (exact(random.normal()), row % 7)
      let response = exact(0.4 * own + 0.5 * Double(level) + random.normal())
      text += "\(y + response),\(x + own),a\(level),b\(random.below(4)),\(1 + row % 3)\n"
    }
    var options = FitOptions()
    (options.threads, options.weights) = (1, "w")
    let fit = try Fit(Formula(formula), data: [.bytes(Array(text.utf8), name: "far.csv")], options: options)
    #expect(fit.convergence.messages.isEmpty)
    return try #require(fit.variationExplained)
  }

  @Test(arguments: ["y ~ x | a", "y ~ x | a + b"])
  func `shares of variation do not depend on where zero is`(formula: String) throws {
    let here = try Self.explained(formula, from: 0)
    for far in [0x1p20, -0x1p30] {
      for there in [try Self.explained(formula, from: far), try Self.explained(formula, from: 0, x: far)] {
        #expect(abs(there.overall - here.overall) < 1e-9)
        #expect(abs(there.adjustedOverall - here.adjustedOverall) < 1e-9)
        #expect(abs(try #require(there.within) - here.within!) < 1e-9)
      }
    }
  }

  @Test func `terms beside them are tested as in the model that has them written out`() throws {
    let absorbed = try Self.fitted("score ~ Machine + (1 | Worker:Machine) | Worker", "machines.csv")
    let written = try Self.fitted("score ~ Machine + factor(Worker) + (1 | Worker:Machine)", "machines.csv")
    let (a, b) = (try absorbed.anova(.satterthwaite).rows, try written.anova(.satterthwaite).rows)
    #expect(a.count == 1)
    #expect(abs(a[0].statistic! - b[0].statistic!) < 1e-6 * b[0].statistic!)
    #expect(abs(a[0].denominatorDF! - b[0].denominatorDF!) < 1e-3)
  }

  @Test func `what cannot be had beside them is refused by name`() throws {
    let model = try Self.panelFit("y ~ x + (1 | g) | worker + firm")
    func refusal(_ body: () throws -> Void) -> String {
      do {
        try body()
        return ""
      } catch { return "\(error)" }
    }
    let refusals = [
      refusal { _ = try model.coefficientTests(.kenwardRoger) },
      refusal { _ = try ResponseSimulator(model) },
    ]
    for text in refusals { #expect(text.contains("absorbed factors (worker, firm)")) }
  }
}
