// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Residuals that are correlated within subjects, against mmrm 0.3.18:
///
///     d <- subset(read.csv("data/trial.csv"), !is.na(change))  # patient, week, arm as factors
///     m <- mmrm(change ~ baseline + arm * week + us(week | patient), d, reml = TRUE)
///     deviance(m); coef(summary(m))["armplacebo:week12", ]; df_md(m, <the three of arm:week>)
///
/// with nlminb's rel.tol = 1e-14, since mmrm's own tolerance leaves five digits. nlme 3.1-162's
/// gls(corSymm, varIdent) has 1966.84791062 for us by REML.
@Suite struct `Repeated measures` {
  struct Expected: Sendable {
    let structure: String
    let criterion: Double
    /// Estimate, standard error, degrees of freedom and p-value of armplacebo:week12.
    let test: [Double]
    /// Denominator degrees of freedom, F and p-value of arm:week.
    var joint: [Double] = []
    var kind = CriterionKind.reml
    var method = DegreesOfFreedomMethod.satterthwaite
  }

  static let expected: [Expected] = [
    Expected(
      structure: "us", criterion: 1966.847910611,
      test: [4.390530905, 2.359103566, 73.25418303, 0.06674242278],
      joint: [78.48324482, 1.32191264, 0.2732285525]),
    Expected(
      structure: "us", criterion: 1978.303094756,
      test: [4.392305563, 2.322965326, 75.52681714, 0.06248394046],
      joint: [80.4896343, 1.369909505, 0.2579315847], kind: .ml),
    Expected(
      structure: "cs", criterion: 2025.555930218,
      test: [4.349365165, 2.001869768, 216.9158265, 0.03089021784],
      joint: [214.0698675, 1.609816242, 0.1880839382]),
    Expected(
      structure: "csh", criterion: 1989.256463269,
      test: [4.025271627, 2.309578345, 71.87355325, 0.08563491113],
      joint: [144.8207287, 1.068995619, 0.3642769769]),
    Expected(
      structure: "ar1", criterion: 2010.086483914,
      test: [4.775527493, 2.396307475, 289.6864407, 0.04721374205],
      joint: [209.0738554, 1.51176934, 0.2125127721]),
    Expected(
      structure: "ar1h", criterion: 1989.234381682,
      test: [4.744344598, 2.541045226, 94.7694817, 0.0649810639],
      joint: [151.484641, 1.229292754, 0.3011260037]),
    Expected(
      structure: "ar1h", criterion: 2001.664066005,
      test: [4.7474678, 2.497487347, 98.25687316, 0.06024604796],
      joint: [156.2079796, 1.273982827, 0.2852883756], kind: .ml),
    Expected(
      structure: "toep", criterion: 2006.821489043,
      test: [4.600093401, 2.344253788, 112.4842649, 0.0521990769],
      joint: [114.2171413, 1.385426314, 0.2508460411]),
    Expected(
      structure: "toeph", criterion: 1981.960936237,
      test: [4.370982722, 2.418418972, 70.400112, 0.07497662824],
      joint: [100.8927099, 1.09612475, 0.3544006515]),
    Expected(
      structure: "ad", criterion: 2005.948853120,
      test: [4.772268653, 2.330009135, 282.472713, 0.04146708866],
      joint: [164.4272902, 1.836494794, 0.1425425486]),
    Expected(
      structure: "adh", criterion: 1976.356592388,
      test: [4.646063423, 2.530996639, 106.0489829, 0.06920912937],
      joint: [125.2560884, 1.44839169, 0.2319539868]),
    Expected(
      structure: "us", criterion: 1966.847910611,
      test: [4.390530905, 2.329021476, 73.25418303, 0.06337705151],
      joint: [73.26778657, 1.32607431, 0.2724501347], method: .kenwardRoger),
    Expected(
      structure: "toep", criterion: 2006.821489043,
      test: [4.600093401, 2.350860292, 112.4842649, 0.05285268758],
      joint: [135.4973522, 1.358744235, 0.2581510771], method: .kenwardRoger),
    Expected(
      structure: "cs", criterion: 2025.555930218,
      test: [4.349365165, 2.002143527, 216.9158265, 0.0309129026],
      joint: [214.0721767, 1.609131044, 0.1882445623], method: .kenwardRoger),
    Expected(
      structure: "adh", criterion: 1976.356592388,
      test: [4.646063423, 2.508398146, 106.0489829, 0.06677793706],
      joint: [93.62416804, 1.457867839, 0.2311123384], method: .kenwardRoger),
    Expected(
      structure: "us", criterion: 1966.847910611,
      test: [4.390530905, 2.389467046, 73.25418303, 0.0701986439],
      joint: [73.26778657, 1.242256175, 0.3006389313], method: .kenwardRogerLinear),
    Expected(
      structure: "ar1h", criterion: 1989.234381682,
      test: [4.744344598, 2.546404103, 94.7694817, 0.06553751562],
      joint: [130.0327172, 1.214151281, 0.3072587085], method: .kenwardRogerLinear),
  ]

  private static let trial = Files.data("trial.csv")
  private static let formula = "change ~ baseline + arm * week"

  private func fitted(
    _ term: String, _ formula: String = Self.formula, _ data: [any TableSource]? = nil,
    _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var options = FitOptions()
    options.residual = try ResidualTerm(term)
    options.reading.categoricalColumns = ["week"]
    change(&options)
    return try FittedModel(Formula(formula), data: data ?? [.file(Self.trial)], options: options)
  }

  private func expectClose(
    _ values: [Double?], _ expected: [Double], _ tolerance: Double, _ what: String
  ) {
    for (value, number) in zip(values, expected) {
      #expect(abs((value ?? .nan) - number) < tolerance * abs(number), "\(what): \(values)")
    }
  }

  @Test(arguments: expected)
  func `structures are mmrm's`(expected: Expected) throws {
    let fitted = try fitted("\(expected.structure)(week | patient)") { $0.criterion = expected.kind }
    #expect(fitted.fit.convergence.converged)
    #expect(abs(fitted.fit.criterion - expected.criterion) < 2e-9 * expected.criterion)
    let names = ["armplacebo:week12", "armplacebo:week4", "armplacebo:week8"]
    let table = try fitted.contrast(
      names.map { try fitted.hypothesis("`\($0)` = 0") }, expected.method)
    let test = table.rows[0]
    expectClose(
      [test.estimate, test.standardError, test.df, test.pValue], expected.test, 1e-6,
      expected.structure)
    // The order of the rows, and their coding, do not matter to the F test of a term.
    let term = try fitted.anova(expected.method).rows.last!
    for joint in [table.joint, term] {
      expectClose(
        [joint.denominatorDF, joint.statistic, joint.pValue], expected.joint, 1e-6,
        "\(expected.structure) \(joint.name)")
    }
  }

  /// VarCorr(m), AIC(m), BIC(m): the parameters of Σ count, and subjects.
  @Test func `covariances, criteria and counts are mmrm's`() throws {
    let fit = try fitted("us(week | patient)").fit
    let residual = try #require(fit.residual)
    let covariances = residual.components[0].covariances
    expectClose(
      [covariances[0][0], covariances[1][0], covariances[3][2], covariances[3][3]],
      [30.7652565937, 18.9825727786, 78.4391533053, 110.4164434396], 1e-7, "Σ")
    #expect(residual.subjects == 90 && residual.patterns == 7)
    #expect(fit.parameterCount == 10 && fit.observations == 304 && fit.omittedObservations == 22)
    #expect(abs(fit.aic - (fit.criterion + 20)) < 1e-9)
    #expect(abs(fit.bic - (fit.criterion + 10 * log(90))) < 1e-9)
    #expect(fit.sigma.isNaN && fit.varianceComponents.isEmpty)
  }

  /// mmrm(change ~ baseline + arm * week + us(week | arm/patient), d), ar1h, weights = w, and
  /// mmrm(change ~ baseline + arm * time + sp_exp(time | patient), d).
  @Test func `matrices of arms, weights and continuous time are mmrm's`() throws {
    let name = "`armplacebo:week12` = 0"
    func check(
      _ fitted: FittedModel, _ name: String, _ criterion: Double, _ expected: [Double],
      _ method: DegreesOfFreedomMethod = .satterthwaite
    ) throws {
      #expect(abs(fitted.fit.criterion - criterion) < 2e-9 * criterion)
      let test = try fitted.contrast([fitted.hypothesis(name)], method).rows[0]
      expectClose(
        [test.estimate, test.standardError, test.df, test.pValue], expected, 1e-6, fitted.fit.formula)
    }
    let arms = try fitted("us(week | arm/patient)")
    try check(
      arms, name, 1953.941926264, [4.46082119, 2.348103533, 69.58168672, 0.06161017238])
    try check(
      arms, name, 1953.941926264, [4.46082119, 2.288518166, 69.58168672, 0.0553013037],
      .kenwardRoger)
    #expect(arms.fit.residual?.components.map(\.name) == ["Residual:active", "Residual:placebo"])
    try check(
      fitted("ar1h(week | arm/patient)"), name, 1980.318594606,
      [4.723856715, 2.518063575, 94.49820737, 0.06374359706])
    let exponential = try fitted("sp_exp(week | patient)", "change ~ baseline + arm * week") {
      $0.reading.categoricalColumns = []
    }
    try check(
      exponential, "`armplacebo:week` = 0", 2038.475366098,
      [0.4252915488, 0.2455237368, 298.0035371, 0.08427605254])
    try check(
      exponential, "`armplacebo:week` = 0", 2038.475366098,
      [0.4252915488, 0.245819455, 298.0035371, 0.08464823205], .kenwardRoger)
    // w = 1 + (k mod 5) / 3 for the k-th row that has a response.
    var rows = try String(contentsOfFile: Self.trial, encoding: .utf8).split(separator: "\n")
    var count = 0
    rows[0] += ",w"
    for k in rows.indices.dropFirst() {
      if !rows[k].hasSuffix("NA") { count += 1 }
      rows[k] += ",\(1 + Double(count % 5) / 3)"
    }
    let folder = try TemporaryFolder()
    try folder.write(rows.joined(separator: "\n") + "\n", to: "weighted.csv")
    try check(
      fitted("us(week | patient)", Self.formula, [.file(folder.file("weighted.csv"))]) {
        $0.weights = "w"
      }, name, 1971.158728608, [4.517852879, 2.272124551, 75.00538511, 0.05041816433])
  }

  /// emmeans 1.8.4: emmeans(m, ~ arm | week) and its pairs.
  @Test func `marginal means by visit and differences from the control`() throws {
    let fitted = try fitted("us(week | patient)")
    var options = MeansOptions()
    options.comparison = .control("placebo")
    let means = try fitted.marginalMeans(MeansSpecification("~ arm | week"), options)
    expectClose(
      [means.means[6].test?.estimate, means.means[6].test?.standardError, means.means[6].test?.df],
      [-12.34, 1.747, 77.5], 1e-3, "mean")
    let differences = try #require(means.differences)
    #expect(differences.map(\.name) == Array(repeating: "active - placebo", count: 4))
    let last = differences[3].test
    expectClose(
      [last?.estimate, last?.standardError, last?.df, last?.pValue], [-5.58, 2.48, 78.5, 0.0273],
      2e-3, "difference")
  }

  /// nlme 3.1-162: gls(Reaction ~ Days, correlation = corAR1(form = ~ Days | Subject)), −2 log L
  /// 1739.20601852645; and what compound symmetry says by a random intercept.
  @Test func `without a factor crossed they are gls's and lmer's`() throws {
    let sleep: [any TableSource] = [.file(sleepstudyPath)]
    let serial = try fitted("ar1(Days | Subject)", "Reaction ~ Days", sleep) {
      $0.reading.categoricalColumns = []
    }
    #expect(abs(serial.fit.criterion - 1739.20601852645) < 1e-8)
    let symmetric = try fitted("cs(Days | Subject)", "Reaction ~ Days", sleep) {
      $0.reading.categoricalColumns = []
    }.tested()
    let mixed = try Fit(Formula("Reaction ~ Days + (1 | Subject)"), data: sleep)
    #expect(abs(symmetric.criterion - mixed.criterion) < 1e-8)
    for (a, b) in zip(symmetric.fixedEffects, mixed.fixedEffects) {
      #expect(abs(a.estimate! - b.estimate!) < 1e-7)
      #expect(abs(a.standardError! - b.standardError!) < 1e-6)
      #expect(abs(a.degreesOfFreedom! - b.degreesOfFreedom!) < 1e-3)
    }
    let component = mixed.varianceComponents[0].covariances[0][0]
    #expect(abs(symmetric.residual!.components[0].covariances[0][1] - component) < 1e-4)
    #expect(abs(symmetric.sigma - (component + mixed.sigma * mixed.sigma).squareRoot()) < 1e-6)
  }

  @Test func `comparisons of fixed parts are by maximum likelihood`() throws {
    let larger = try fitted("us(week | patient)")
    let smaller = try fitted("us(week | patient)", "change ~ baseline + arm + week")
    let comparison = try ModelComparison([("a", larger), ("b", smaller)])
    // mmrm's −2 log L of both by ML: 1978.303094756 and 1982.250298.
    let test = try #require(comparison.rows[1].test)
    #expect(abs(test.statistic - 3.947203) < 1e-4 && test.df == 3)
    // Structures by REML.
    let symmetric = try fitted("cs(week | patient)")
    let structures = try ModelComparison([("cs", symmetric), ("us", larger)])
    let change = try #require(structures.rows[1].test)
    #expect(change.df == 8 && structures.criterionKind == .reml)
    #expect(abs(change.statistic - (2025.555930218 - 1966.847910611)) < 1e-6)
    let serial = try fitted("ar1(week | patient)")
    #expect(throws: InferenceError.self) { try ModelComparison([("a", serial), ("c", symmetric)]) }
  }

  @Test func `Wald intervals of the deviations and correlations`() throws {
    let fitted = try fitted("us(week | patient)")
    let intervals = try fitted.waldIntervals(.none, parameters: ["theta"])
    let names = intervals.map(\.parameter.name)
    #expect(names.prefix(3) == ["sd_2|Residual", "cor_4.2|Residual", "cor_8.2|Residual"])
    #expect(intervals.count == 10)
    #expect(intervals.allSatisfy { $0.lower! < $0.estimate! && $0.estimate! < $0.upper! })
  }
}
