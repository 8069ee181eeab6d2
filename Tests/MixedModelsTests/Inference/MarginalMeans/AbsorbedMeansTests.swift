// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Means, differences and slopes beside absorbed factors are those of the model that has these written out.
@Suite struct `Marginal means beside absorbed factors` {
  private static func fitted(_ formula: String, _ change: (inout FitOptions) -> Void = { _ in }) throws -> FittedModel {
    var options = FitOptions()
    options.threads = 1
    change(&options)
    return try FittedModel(Formula(formula), data: [.file(Files.data("scotssec.csv"))], options: options)
  }

  private static func means(
    _ model: FittedModel, _ text: String, _ change: (inout MeansOptions) -> Void = { _ in }
  ) throws -> MarginalMeans {
    var options = MeansOptions()
    options.comparison = .pairwise
    change(&options)
    return try model.marginalMeans(MeansSpecification(text), options)
  }

  private static func expect(
    _ test: TTest?, _ estimate: Double, _ error: Double, df: Double, _ tolerance: Double = 1e-9,
    dfTolerance: Double = 1e-9
  ) throws {
    let test = try #require(test)
    #expect(abs(test.estimate - estimate) < tolerance * (1 + abs(estimate)), "\(test.name)")
    #expect(abs(test.standardError / error - 1) < tolerance, "\(test.name)")
    #expect(abs(try #require(test.df) / df - 1) < dfTolerance, "\(test.name)")
  }

  /// R: emmeans and emtrends of lm(attain ~ verbal * sex + primary + second, scotssec), the last two as factors.
  @Test(arguments: ["auto", "matrix-free"])
  func `least squares is that of emmeans`(solver: String) throws {
    let model = try Self.fitted("attain ~ verbal * sex | primary + second") { $0.solver = solver }
    let equal = try Self.means(model, "~ sex")
    #expect(equal.averaged == ["primary", "second"])
    try Self.expect(equal.means[0].test, 5.62067517051, 0.107146362290, df: 3266)
    try Self.expect(equal.means[1].test, 5.49373240409, 0.107982725095, df: 3266)
    try Self.expect(equal.differences?[0].test, 0.126942766414, 0.0720790736918, df: 3266)
    let proportional = try Self.means(model, "~ sex") { $0.weights = .proportional }
    try Self.expect(proportional.means[0].test, 5.74186401698, 0.0507568481470, df: 3266)
    try Self.expect(proportional.means[1].test, 5.61492125057, 0.0500889733785, df: 3266)
    let slopes = try Self.means(model, "~ sex") { $0.trend = "verbal" }
    #expect(slopes.averaged.isEmpty)
    try Self.expect(slopes.means[0].test, 0.156376758155, 0.00404589042047, df: 3266)
    try Self.expect(slopes.means[1].test, 0.154802443853, 0.00387164991038, df: 3266)
    try Self.expect(slopes.differences?[0].test, 0.00157431430271, 0.00545448167368, df: 3266, 1e-8)
  }

  /// emmeans of lmer(attain ~ verbal * sex + primary + (1 | second), scotssec), degrees of freedom by lmerTest.
  @Test func `beside random effects they are those of emmeans`() throws {
    let model = try Self.fitted("attain ~ verbal * sex + (1 | second) | primary")
    let equal = try Self.means(model, "~ sex")
    try Self.expect(equal.means[0].test, 5.64318341753, 0.114256783705, df: 12.41, 1e-6, dfTolerance: 1e-3)
    try Self.expect(equal.means[1].test, 5.51401961175, 0.114191992560, df: 12.25, 1e-6, dfTolerance: 1e-3)
    try Self.expect(equal.differences?[0].test, 0.129163805773, 0.0719657925171, df: 3279.53, 1e-6, dfTolerance: 1e-4)
    let slopes = try Self.means(model, "~ sex") { $0.trend = "verbal" }
    try Self.expect(
      slopes.differences?[0].test, 0.00139298171176, 0.00544085336111, df: 3282.22, 1e-5, dfTolerance: 1e-4)
  }

  /// anova(lm(attain ~ primary + verbal * sex, scotssec)), primary a factor.
  @Test func `terms in their order are adjusted for the levels`() throws {
    let rows = try Self.fitted("attain ~ verbal * sex | primary").anova(type: .sequential, .satterthwaite).rows
    for (row, truth) in zip(rows, [("verbal", 12995.579983644), ("sex", 14.069408078), ("verbal:sex", 0.095778428)]) {
      #expect(row.name == truth.0 && row.denominatorDF == 3284)
      #expect(abs(try #require(row.sumOfSquares) / truth.1 - 1) < 1e-8)
    }
  }

  @Test func `a robust covariance has differences, and no means`() throws {
    let model = try Self.fitted("attain ~ verbal + sex | primary") { $0.coefficientCovariance = .hc1 }
    let means = try Self.means(model, "~ sex")
    #expect(means.means.allSatisfy { $0.test == nil && $0.reason?.contains("HC1") == true })
    let error = try #require(try model.tested().fixedEffects[1].standardError)
    #expect(abs(try #require(means.differences?[0].test).standardError / error - 1) < 1e-12)
  }

  /// Workers and firms in two sets; z is constant within workers.
  private static let panel: [any TableSource] = {
    var random = SplitMix64(seed: 29)
    var text = "y,x,z,t,worker,firm\n"
    for row in 0..<120 {
      let worker = row % 12
      let firm = worker < 6 ? random.below(3) : 3 + random.below(3)
      let t = random.below(3)
      let y = random.normal() + Double(worker) - Double(firm) + 0.5 * Double(t)
      text += "\(y),\(random.normal()),\(worker % 4),t\(t),w\(worker),f\(firm)\n"
    }
    return [.bytes(Array(text.utf8), name: "panel.csv")]
  }()

  private static func model(_ formula: String) throws -> FittedModel {
    var options = FitOptions()
    (options.threads, options.sparseFixed) = (1, .none)
    return try FittedModel(Formula(formula), data: panel, options: options)
  }

  @Test func `contrasts and tests of terms are those of factors that are written out`() throws {
    let absorbed = try Self.model("y ~ z + x * t | worker + firm")
    let written = try Self.model("y ~ worker + firm + z + x * t")
    func table(_ model: FittedModel) throws -> ContrastTable {
      let texts = ["x", "tt1 - tt2 = 0.1", "x:tt1 - x:tt2", "x + x:tt1 = 1"]
      return try model.contrast(texts.map { try model.hypothesis($0) }, .residual)
    }
    let (a, b) = (try table(absorbed), try table(written))
    for (a, b) in zip(a.rows, b.rows) {
      #expect(a.name == b.name && a.df == b.df)
      #expect(abs(a.statistic - b.statistic) < 1e-8 && abs(a.standardError / b.standardError - 1) < 1e-8)
    }
    #expect(a.joint.numeratorDF == 4 && b.joint.numeratorDF == 4)
    #expect(abs(a.joint.statistic! / b.joint.statistic! - 1) < 1e-8)
    func expectEqual(_ a: AnovaTable, _ b: AnovaTable) throws {
      for row in a.rows {
        let other = try #require(b.rows.first { $0.name == row.name })
        #expect(row.numeratorDF == other.numeratorDF && row.denominatorDF == other.denominatorDF)
        guard row.numeratorDF > 0 else { continue }
        #expect(abs(row.statistic! / other.statistic! - 1) < 1e-8, "\(row.name)")
      }
    }
    for type in TypeOfHypothesis.allCases {
      let own = try absorbed.anova(type: type, .residual)
      #expect(own.rows.map(\.numeratorDF) == [0, 1, 2, 2])
      try expectEqual(own, written.anova(type: type, .residual))
    }
    try expectEqual(absorbed.singleTermDeletions(.residual), written.singleTermDeletions(.residual))
    let error = #expect(throws: InferenceError.self) {
      try absorbed.contrast([absorbed.hypothesis("z")], .residual)
    }
    #expect(error.map { "\($0)".contains("column z") } == true)
  }

  /// x and y are multiples of 1/1024, so that x is exact far from zero, too.
  private static func model(_ formula: String, x far: Double, sparse: Bool) throws -> FittedModel {
    var random = SplitMix64(seed: 5)
    func exact(_ value: Double) -> Double { (value * 1024).rounded() / 1024 }
    let effects = (0..<8).map { _ in random.normal() }
    var text = "y,x,f,a,b,g\n"
    for row in 0..<96 {
      let (x, f, a, g) = (exact(random.normal() + Double(row % 5)), random.below(3), row % 6, random.below(8))
      let y = exact(0.5 * x + 0.4 * Double(f) + 0.3 * Double(a) + effects[g] + random.normal())
      text += "\(y),\(far + x),f\(f),a\(a),b\(random.below(3)),g\(g)\n"
    }
    var options = FitOptions()
    options.threads = 1
    if sparse { options.sparseFixed = .factors(["a"]) }
    return try FittedModel(Formula(formula), data: [.bytes(Array(text.utf8), name: "far.csv")], options: options)
  }

  @Test(arguments: [
    ("y ~ x + f | a", false), ("y ~ x + f | a + b", false), ("y ~ x + f + (1 | g) | a", false),
    ("y ~ x + f + (1 | g) | a + b", false), ("y ~ x + f + a", true), ("y ~ x + f + a + (1 | g)", true),
  ])
  func `it does not matter how far from zero numbers are`(formula: String, sparse: Bool) throws {
    let near = try Self.model(formula, x: 0, sparse: sparse)
    for far in [0x1p20, -0x1p30, 0x1p40] {
      let model = try Self.model(formula, x: far, sparse: sparse)
      #expect(model.fit.convergence.messages == near.fit.convergence.messages)
      for text in ["~ f"] + (sparse ? ["~ a"] : []) {
        let (here, there) = (try Self.means(near, text), try Self.means(model, text))
        let tests = there.means.map(\.test) + there.differences!.map(\.test)
        for (other, test) in zip(here.means.map(\.test) + here.differences!.map(\.test), tests) {
          let (a, b) = (try #require(other), try #require(test))
          // What a mean is at is known in the digits of the mean of x.
          #expect(abs(a.estimate - b.estimate) < 1e-8 + 8 * far.ulp.magnitude, "\(a.name)")
          #expect(abs(b.standardError / a.standardError - 1) < 1e-6 + 8 * far.ulp.magnitude, "\(a.name)")
          #expect(abs(b.df! / a.df! - 1) < 1e-3, "\(a.name)")
        }
      }
    }
  }

  @Test func `what the data do not determine has its reason`() throws {
    let apart = try Self.means(Self.model("y ~ x + t | worker + firm"), "~ t")
    #expect(apart.means.allSatisfy { $0.test == nil && $0.reason?.contains("no row connects") == true })
    let written = try Self.means(Self.model("y ~ x + t + worker + firm"), "~ t")
    for (a, b) in zip(apart.differences!, written.differences!) {
      let (a, b) = (try #require(a.test), try #require(b.test))
      #expect(abs(a.estimate - b.estimate) < 1e-10 && abs(a.standardError / b.standardError - 1) < 1e-10)
    }
    // z is a combination of the levels: where it stands at the mean over these the means are determined.
    let explained = try Self.model("y ~ x + z + t | worker")
    let atMean = try Self.means(explained, "~ t") { $0.values = ["z": ["1.5"]] }
    let other = try Self.means(Self.model("y ~ x + t | worker"), "~ t")
    for (a, b) in zip(atMean.means, other.means) {
      #expect(abs(try #require(a.test).estimate - b.test!.estimate) < 1e-10)
    }
    let beside = try Self.means(explained, "~ t") { $0.values = ["z": ["2"]] }
    #expect(beside.means.allSatisfy { $0.test == nil && $0.reason?.contains("column z") == true })
    #expect(beside.differences?.allSatisfy { $0.test != nil } == true)
    let error = #expect(throws: InferenceError.self) { try Self.means(explained, "~ worker") }
    #expect(error.map { "\($0)".contains("“worker” is absorbed") } == true)
  }
}
