// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

@Suite struct `Cluster-robust covariances` {
  private func fitted(
    _ formula: String, _ source: any TableSource = ClusterRobustReference.source,
    clusters: String?, _ kind: CoefficientCovariance? = .cr2,
    _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var options = FitOptions()
    (options.clusters, options.coefficientCovariance) = (clusters, kind)
    change(&options)
    return try FittedModel(Formula(formula), data: [source], options: options)
  }

  private func expectClose(
    _ a: [Double?], _ b: [Double], _ tolerance: Double, _ comment: String
  ) {
    #expect(a.count == b.count, "\(comment)")
    for (x, y) in zip(a, b) {
      #expect(x.map { abs($0 - y) <= tolerance * abs(y) } ?? false, "\(comment): \(a) is not \(b)")
    }
  }

  private func row(_ place: Int, of count: Int) -> [Double] {
    (0..<count).map { $0 == place ? 1 : 0 }
  }

  @Test(arguments: ClusterRobustReference.all, ["CR0", "CR1", "CR2", "CR3"])
  func `errors, df and joint tests agree with dense matrices`(
    _ reference: ClusterRobustReference, _ name: String
  ) throws {
    let kind = try #require(CoefficientCovariance(rawValue: name))
    let expected = try #require(reference.expected[name])
    let model = try fitted(reference.formula, clusters: reference.clusters, kind) {
      $0.knownTheta = reference.theta
      $0.criterion = reference.isML ? .ml : .reml
      ($0.weights, $0.offset) = (reference.weights, reference.offset)
    }
    let tests = try model.coefficientTests(.satterthwaite)
    expectClose(tests.map(\.standardError), expected.errors, 1e-10, name)
    expectClose(tests.map(\.df), expected.df, 1e-9, name)
    let hypotheses = try reference.joint.map {
      try model.hypothesis(row($0, of: expected.errors.count))
    }
    let joint = try model.contrast(hypotheses, .satterthwaite).joint
    expectClose(
      [joint.statistic, joint.denominatorDF, joint.pValue], expected.joint, 1e-8, name)
  }

  @Test func `the whole system's equations give what absorbed ones do`() throws {
    let formula = "y ~ a + x + (1 | s) + (1 | g)"
    let errors = try ["absorb", "cholmod"].map { solver in
      try fitted(formula, clusters: "s", .cr3) {
        $0.solver = solver
        $0.knownTheta = [0.3, 0.5]
      }.coefficientTests(.none).map(\.standardError)
    }
    expectClose(errors[0], errors[1], 1e-11, "cholmod")
  }

  @Test func `shards, files and one pass give the same`() throws {
    let formula = try Formula("y ~ a * x + (1 | g)")
    var options = FitOptions()
    (options.clusters, options.coefficientCovariance) = ("s", .cr2)
    let lines = ClusterRobustReference.text.split(separator: "\n")
    let folder = try TemporaryFolder()
    var files: [String] = []
    for part in 0..<3 {
      let own = stride(from: part, to: lines.count - 1, by: 3).map { lines[$0 + 1] }
      let text = ([lines[0]] + own).joined(separator: "\n")
      let file = folder.file("\(part).lmm")
      try CrossProducts(
        formula, data: [.bytes(Array(text.utf8), name: "part")], options: options
      ).write(to: file)
      files.append(file)
    }
    let whole = try FittedModel(formula, data: [ClusterRobustReference.source], options: options)
    let merged = try FittedModel(
      formula, from: ModelInput(arguments: [files[2], files[0], files[1]]), options: options)
    let expected = try whole.tested()
    let tested = try merged.tested()
    #expect(tested.robustCovariance == expected.robustCovariance)
    #expect(tested.robustCovariance?.clusterCount == 7)
    for (a, b) in zip(tested.fixedEffects, expected.fixedEffects) {
      expectClose([a.standardError, a.degreesOfFreedom], [b.standardError!, b.degreesOfFreedom!], 1e-4, a.name)
    }
    let saved = folder.file("fit.lmm")
    try whole.save(to: saved)
    let restored = try Fit(contentsOf: saved)
    #expect(restored.robustCovariance == expected.robustCovariance)
    expectClose(
      restored.fixedEffects.map(\.standardError), expected.fixedEffects.map { $0.standardError! },
      1e-10, "restored")
    var byModel = FitOptions()
    byModel.coefficientCovariance = .model
    #expect(try Fit(contentsOf: saved, options: byModel).robustCovariance == nil)
    let small = try Formula("y ~ a + x + (1 | g)")
    let narrowed = try FittedModel(small, from: ModelInput(arguments: [saved]), options: options)
    let direct = try FittedModel(small, data: [ClusterRobustReference.source], options: options)
    expectClose(
      try narrowed.tested().fixedEffects.map(\.standardError),
      try direct.tested().fixedEffects.map { $0.standardError! }, 1e-4, "narrowed")
    var without = options
    without.clusters = nil
    without.coefficientCovariance = nil
    let other = try CrossProducts(formula, data: [ClusterRobustReference.source], options: without)
    var sum = try CrossProducts(contentsOf: files[0])
    #expect(throws: FitError.self) { try sum.merge(other) }
  }

  @Test func `levels of a slope's own factor need no sums of their own`() throws {
    let formula = "y ~ x + (x | g)"
    let summed = try fitted(formula, clusters: "g").tested()
    let folder = try TemporaryFolder()
    try fitted(formula, clusters: nil, nil).save(to: folder.file("m.lmm"))
    var options = FitOptions()
    (options.clusters, options.coefficientCovariance) = ("g", .cr2)
    let derived = try Fit(contentsOf: folder.file("m.lmm"), options: options)
    expectClose(
      derived.fixedEffects.map(\.standardError), summed.fixedEffects.map { $0.standardError! },
      1e-10, "errors")
    expectClose(
      derived.fixedEffects.map(\.degreesOfFreedom),
      summed.fixedEffects.map { $0.degreesOfFreedom! }, 1e-10, "df")
    options.clusters = "s"
    #expect(throws: (any Error).self) {
      try Fit(contentsOf: folder.file("m.lmm"), options: options)
    }
    try fitted("y ~ a + x + (x | g)", clusters: nil, nil).save(to: folder.file("n.lmm"))
    options.clusters = "g"
    let error = #expect(throws: InferenceError.self) {
      try Fit(contentsOf: folder.file("n.lmm"), options: options)
    }
    #expect("\(error!)".contains("were summed without clusters of g"))
  }

  @Test func `what a dropped column depends on does not count`() throws {
    let plain = try fitted("y ~ x + (1 | g)", clusters: "s").tested()
    let aliased = try fitted("y ~ x + I(2 * x) + (1 | g)", clusters: "s").tested()
    #expect(aliased.fixedEffects[2].standardError == nil)
    expectClose(
      aliased.fixedEffects.prefix(2).map(\.standardError),
      plain.fixedEffects.map { $0.standardError! }, 1e-6, "aliased")
    #expect(aliased.vcov.count == 2)
    #expect(abs(aliased.vcov[1][1].squareRoot() / aliased.fixedEffects[1].standardError! - 1) < 1e-12)
  }

  @Test func `a cluster that alone determines a coefficient is named`() throws {
    let fit = try fitted("y ~ x + I(g == 12) + (1 | g)", clusters: "s").tested()
    #expect(fit.robustCovariance?.determining == ["s6"])
    #expect(fit.convergence.messages.contains { $0.contains("“s6” alone determines") })
  }

  @Test func `more hypotheses than clusters have no test`() throws {
    let table = try fitted("y ~ factor(h) + (1 | g)", clusters: "s").anova(.satterthwaite)
    #expect(table.rows[0].numeratorDF == 7)
    #expect(table.rows[0].statistic == nil && table.rows[0].pValue == nil)
  }

  @Test func `marginal means and Wald intervals are robust`() throws {
    let model = try fitted("y ~ a + x + (1 | g)", clusters: "s", .cr3)
    let test = try model.contrast([model.hypothesis([0, 1, 0, 0])], .satterthwaite).rows[0]
    let means = try model.marginalMeans(MeansSpecification("~ a"), {
      var options = MeansOptions()
      (options.wantsDifferences, options.adjustment) = (true, .none)
      return options
    }())
    let difference = try #require(means.differences?[0].test)
    expectClose(
      [difference.standardError, difference.df], [test.standardError, test.df!], 1e-9, "p - q")
    let interval = try #require(
      model.waldIntervals(.satterthwaite, parameters: ["aq"]).first)
    expectClose(
      [interval.lower, interval.upper],
      [test.confidenceInterval!.low, test.confidenceInterval!.high], 1e-9, "aq")
  }

  @Test func `what cannot be had is refused`() throws {
    func message(_ formula: String, _ clusters: String?, _ kind: CoefficientCovariance = .cr2) -> String {
      do {
        _ = try fitted(formula, clusters: clusters, kind).tested()
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("y ~ x + (1 | g)", "b").contains(#"of g has rows in the clusters “u” and “v” of b"#))
    #expect(message("y ~ x + (1 | g) + (1 | a)", "g").contains("Cluster by a"))
    #expect(message("y ~ x + (1 | g)", nil).contains("FitOptions.clusters"))
    #expect(message("y ~ x + (1 | g)", "nothing").contains("nothing"))
    let model = try fitted("y ~ x + (1 | g)", clusters: "s")
    #expect(throws: InferenceError.self) { try model.coefficientTests(.kenwardRoger) }
    #expect(throws: InferenceError.self) { try model.coefficientTests(.residual) }
    let one = ClusterRobustReference.text.replacing("s0", with: "s9").split(separator: "\n")
      .filter { $0.hasPrefix("g") || $0.contains("s9") }
    let error = #expect(throws: InferenceError.self) {
      try fitted(
        "y ~ x + (1 | g)", .bytes(Array(one.joined(separator: "\n").utf8), name: "one.csv"),
        clusters: "s")
    }
    #expect("\(error!)".contains("one cluster only"))
  }
}

extension ClusterRobustReference {
  /// The same table as text.
  static var text: String {
    "g,s,a,b,x,y,w,h\n"
      + UnbalancedTable.rows.map {
        "\($0.g),s\($0.g / 2),\($0.a),\($0.b),\($0.x),\($0.y),\($0.w),\($0.h)\n"
      }.joined()
  }
}
