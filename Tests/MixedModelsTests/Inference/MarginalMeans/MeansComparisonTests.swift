// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import MixedModels
import ModelFrames
import Reports
import Testing

/// Comparisons, slopes and means on the scale of the response; numbers of emmeans 1.8.4 with lmerTest's
/// degrees of freedom, for the table of `UnbalancedTable`.
@Suite struct `Comparisons of marginal means` {
  private func means(
    _ formula: String, _ specification: String, _ change: (inout MeansOptions) -> Void
  ) throws -> MarginalMeans {
    let fitted = try FittedModel(Formula(formula), data: [UnbalancedTable.source()])
    var options = MeansOptions()
    change(&options)
    return try fitted.marginalMeans(MeansSpecification(specification), options)
  }

  private func expect(
    _ test: TTest?, _ estimate: Double, _ error: Double, p: Double? = nil,
    limits: (Double, Double)? = nil, limitTolerance: Double = 1e-5,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let test = try #require(test, sourceLocation: location)
    func close(_ a: Double?, _ b: Double, _ tolerance: Double) -> Bool {
      a.map { abs($0 - b) <= tolerance * abs(b) } ?? false
    }
    #expect(close(test.estimate, estimate, 2e-6), "\(test)", sourceLocation: location)
    #expect(close(test.standardError, error, 2e-6), "\(test)", sourceLocation: location)
    if let p { #expect(close(test.pValue, p, 2e-4), "\(test)", sourceLocation: location) }
    guard let limits else { return }
    #expect(
      close(test.confidenceInterval?.low, limits.0, limitTolerance), "\(test)",
      sourceLocation: location)
    #expect(
      close(test.confidenceInterval?.high, limits.1, limitTolerance), "\(test)",
      sourceLocation: location)
  }

  /// update(emmeans(m, ~ a | b), type = "response"), its pairs() and contrast(…, "trt.vs.ctrl", ref = 2).
  @Test func `logarithms go back to means and ratios`() throws {
    let formula = "log(y+1) ~ a*b + x + (1|g)"
    let table = try means(formula, "~ a | b") {
      ($0.scale, $0.comparison) = (.response, .pairwise)
    }
    try expect(
      table.means[0].test, 35.60582744, 2.225445538, p: 1.263679157e-38,
      limits: (31.36497582, 40.40236688))
    try expect(
      table.means[5].test, 97.39161638, 14.98758094, limits: (71.80472753, 131.9709004))
    let ratios = try #require(table.differences)
    #expect(table.hasRatios && ratios[1].name == "p / r" && ratios[1].labels == ["u"])
    try expect(
      ratios[1].test, 0.536794117, 0.0630166908, p: 1.300233e-06, limits: (0.406486323, 0.708874835))
    let control = try means(formula, "~ a") {
      ($0.scale, $0.comparison) = (.response, .control("q"))
    }
    let toQ = try #require(control.differences)
    #expect(toQ.map(\.name) == ["p / q", "r / q"] && control.adjustment == .dunnett)
    try expect(
      toQ[0].test, 0.819728059, 0.0593576600, p: 0.013365227, limits: (0.696683611, 0.964503944),
      limitTolerance: 1e-4)  // R's quantile is one to 5e-4
    #expect(control.messages.contains { $0.contains("b, which is averaged over, interacts") })
    #expect(!table.messages.contains { $0.contains("interacts") })
  }

  /// type = "response" and contrast(…, "consec", adjust = "sidak").
  @Test func `square roots go back to means, comparisons stay`() throws {
    let table = try means("sqrt(y) ~ a + x + (1|g)", "~ a") {
      ($0.scale, $0.comparison) = (.response, .consecutive)
    }
    try expect(
      table.means[2].test, 77.86843, 5.233632, limits: (67.84181, 88.58583))
    let differences = try #require(table.differences)
    #expect(!table.hasRatios && differences.map(\.name) == ["q - p", "r - q"])
    try expect(
      differences[0].test, 0.8659249418, 0.2044494201, p: 8.330620046e-05,
      limits: (0.4036062680, 1.328243616))
    #expect(table.messages.contains("comparisons are on the scale of sqrt(y)"))
  }

  private static let slopes = "y ~ a*x + b + factor(h) + (1|g)"

  /// emtrends(m, ~ a, var = "x") and pairs().
  @Test func `slopes within levels`() throws {
    let table = try means(Self.slopes, "~ a") { ($0.trend, $0.comparison) = ("x", .pairwise) }
    for (mean, (slope, error)) in zip(
      table.means,
      [
        (0.3977935591, 0.05180913929), (0.4273958660, 0.05611191612),
        (0.2692310500, 0.11055745812),
      ])
    {
      try expect(mean.test, slope, error)
    }
    try expect(
      table.differences?[1].test, 0.1285625091, 0.12266015607, p: 0.5480169008,
      limits: (-0.1622833135, 0.4194083316))
    #expect(throws: InferenceError.self) {
      try means(Self.slopes, "~ a") { ($0.trend, $0.scale) = ("x", .response) }
    }
    #expect(throws: InferenceError.self) { try means(Self.slopes, "~ a") { $0.trend = "b" } }
  }

  /// The derivative of a parabola: emtrends(m, ~ 1, var = "x", at = list(x = 10), delta.var = 1e-6) of
  /// y ~ poly(x, 2) + (1 | g) differs between steps in the sixth digit; here it is that of the formula.
  @Test func `slopes of curves are derivatives`() throws {
    let formula = "y ~ x + I(x^2) + (1|g)"
    let fitted = try FittedModel(Formula(formula), data: [UnbalancedTable.source()])
    let β = fitted.fit.fixedEffects.map { $0.estimate ?? .nan }
    var options = MeansOptions()
    (options.trend, options.values) = ("x", ["x": ["10"]])
    let table = try fitted.marginalMeans(MeansSpecification("~ 1"), options)
    let slope = try #require(table.means[0].test?.estimate)
    #expect(abs(slope - (β[1] + 20 * β[2])) < 1e-8 * abs(slope))
  }

  /// A slope differs by what interacts with its own variable; emmeans warns of the first no more.
  @Test func `slopes are told of interactions of their own`() throws {
    let formula = "y ~ a*b + x + z*b + (1|g)"
    let same = try means(formula, "~ a") { $0.trend = "x" }
    #expect(!same.messages.contains { $0.contains("interacts") })
    let other = try means(formula, "~ a") { $0.trend = "z" }
    #expect(other.messages.contains { $0.contains("b, which is averaged over, interacts") })
    #expect(try means(formula, "~ a") { _ in }.messages.contains { $0.contains("interacts") })
  }

  /// Long numbers, as means of columns are, are rounded in notes; JSON has them whole.
  @Test func `notes say where numbers stand in few digits`() throws {
    let formula = "y ~ a + x + (1|g)"
    for (value, note) in [("3.14159265358979", "x at 3.1416."), ("3.14159265", "x at 3.14159265.")] {
      let report = try means(formula, "~ a") { $0.values = ["x": [value]] }.report(showing: .all)
      #expect(report.text().contains(note))
      #expect(report.text(as: .json).contains("\"\(value)\""))
    }
  }

  /// contrast(emmeans(m, ~ h), "poly"), also with adjust = "sidak"; "trt.vs.ctrl".
  @Test func `polynomials and a control of eight levels`() throws {
    let plain = try means(Self.slopes, "~ h") { $0.comparison = .polynomial }
    #expect(plain.differences?.count == 6 && plain.adjustment == .none)
    try expect(
      plain.differences?[3].test, 169.67330799, 80.38579365, p: 0.03664744163,
      limits: (10.68835608, 328.65825990))
    let sidak = try means(Self.slopes, "~ h") {
      ($0.comparison, $0.adjustment) = (.polynomial, .sidak)
    }
    try expect(
      sidak.differences?[3].test, 169.67330799, 80.38579365, p: 0.2006968391,
      limits: (-44.98547539, 384.33209137))
    let control = try means(Self.slopes, "~ h") { $0.comparison = .control(nil) }
    #expect(control.differences?.first?.name == "h1 - h0")
    try expect(
      control.differences?[5].test, -8.575585650, 4.261914345, p: 0.2201409283,
      limits: (-19.92633138, 2.775160082), limitTolerance: 3e-4)
  }

  /// contrast(emmeans(m, ~ a), list(pq = c(.5, .5, -1), mean = c(1/3, 1/3, 1/3))).
  @Test func `combinations of one's own`() throws {
    let table = try means(Self.slopes, "~ a") {
      $0.comparison = .custom([
        .init(name: "pq", values: [0.5, 0.5, -1]),
        .init(name: "mean", values: [1.0 / 3, 1.0 / 3, 1.0 / 3]),
      ])
    }
    try expect(
      table.differences?[0].test, -26.78891839, 3.250956133, p: 1.586757113e-13,
      limits: (-33.22036532, -20.35747146))
    try expect(table.differences?[1].test, 67.73825086, 2.123056632)
    #expect(table.messages.contains { $0.contains("x, which is at its mean, interacts") })
    #expect(throws: InferenceError.self) {
      try means(Self.slopes, "~ a") { $0.comparison = .custom([.init(name: "w", values: [1])]) }
    }
    #expect(throws: InferenceError.self) {
      try means(Self.slopes, "~ a") { $0.comparison = .control("s") }
    }
    #expect(throws: InferenceError.self) {
      try means(Self.slopes, "~ a") {
        ($0.comparison, $0.adjustment) = (.consecutive, .tukey)
      }
    }
  }

  @Test(arguments: ["exp(y / 1000)", "2 - y", "1 / (y + 1)", "log2(3 * y + 2)", "I((y + 1)^0.5)", "log(y + 1, 10)"])
  func `what can be undone is undone`(response: String) throws {
    let table = try means("\(response) ~ 1 + (1|g)", "~ 1") { $0.scale = .response }
    let model = try means("\(response) ~ 1 + (1|g)", "~ 1") { _ in }
    let (η, y) = try (
      #require(model.means[0].test?.estimate), #require(table.means[0].test?.estimate)
    )
    let again =
      switch response {
      case "exp(y / 1000)": exp(y / 1000)
      case "2 - y": 2 - y
      case "1 / (y + 1)": 1 / (y + 1)
      case "log2(3 * y + 2)": log2(3 * y + 2)
      case "log(y + 1, 10)": log10(y + 1)
      default: (y + 1).squareRoot()
      }
    #expect(abs(again - η) < 1e-12 * max(1, abs(η)))
  }

  @Test func `what has no way back is refused`() throws {
    #expect(throws: InferenceError.self) {
      try means("abs(y - 3) ~ a + (1|g)", "~ a") { $0.scale = .response }
    }
  }
}
