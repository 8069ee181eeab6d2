// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Formulas without a random term are ordinary or weighted least squares. Values are those of R 4's `lm`,
/// covariances HC0 to HC3 those of package sandwich's formulae written out in R.
@Suite struct `Least squares without random effects` {
  private static func fitted(
    _ formula: String, _ file: String, _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    var options = FitOptions()
    options.threads = 1
    change(&options)
    return try FittedModel(Formula(formula), data: [.file(Files.data(file))], options: options)
  }

  private static func isNear(_ a: Double?, _ b: Double, _ tolerance: Double = 1e-10) -> Bool {
    a.map { abs($0 - b) <= tolerance * (abs(b) + 1e-3) } ?? false
  }

  /// lm(Reaction ~ Days, sleepstudy)
  @Test func `coefficients, tests and R² are those of R`() throws {
    let model = try Self.fitted("Reaction ~ Days", "sleepstudy.csv")
    let fit = try model.tested()
    #expect(fit.fixedEffects.map(\.name) == ["(Intercept)", "Days"])
    let (intercept, slope) = (fit.fixedEffects[0], fit.fixedEffects[1])
    #expect(Self.isNear(intercept.estimate, 251.405104848485))
    #expect(Self.isNear(slope.estimate, 10.467285959596))
    #expect(Self.isNear(intercept.standardError, 6.61015404428758))
    #expect(Self.isNear(slope.standardError, 1.23819529804982))
    #expect(Self.isNear(slope.statistic, 8.4536631467444))
    #expect(Self.isNear(slope.pValue, 9.89409632221498e-15, 1e-8))
    #expect(slope.degreesOfFreedom == 178 && fit.residualDegreesOfFreedom == 178)
    #expect(Self.isNear(fit.sigma, 47.714719743778545))
    let explained = try #require(fit.variationExplained)
    #expect(Self.isNear(explained.overall, 0.286471395107710))
    #expect(Self.isNear(explained.adjustedOverall, 0.282462807439776))
    #expect(explained.within == nil)
    let test = try #require(explained.test)
    #expect(test.numeratorDF == 1 && test.denominatorDF == 178)
    #expect(Self.isNear(test.statistic, 71.4644205986245))
    #expect(Self.isNear(test.pValue, 9.89409632221498e-15, 1e-8))
    let likelihood = try Self.fitted("Reaction ~ Days", "sleepstudy.csv") { $0.criterion = .ml }.fit
    #expect(Self.isNear(likelihood.criterion, 1900.293056356363650))
  }

  /// lm(angle ~ temp * recipe, cake, weights = temperature)
  @Test func `weighted least squares and its table of tests are those of R`() throws {
    let model = try Self.fitted("angle ~ temp * recipe", "cake.csv") { $0.weights = "temperature" }
    let fit = try model.tested()
    let estimates = [
      2.63191025833208103, 0.15246070054464594, -3.56674261729880149, -2.37162744216258892,
      0.01044780892419951, 0.00423144955778742,
    ]
    for (effect, estimate) in zip(fit.fixedEffects, estimates) {
      #expect(Self.isNear(effect.estimate, estimate, 1e-9))
    }
    #expect(Self.isNear(fit.fixedEffects[1].standardError, 0.0486484582236102))
    #expect(Self.isNear(fit.sigma, 111.0604852249076089))
    #expect(Self.isNear(fit.variationExplained?.overall, 0.1128237902998358))
    #expect(Self.isNear(fit.variationExplained?.test?.statistic, 6.71467073023141))
    let rows = try model.anova(type: .sequential, .satterthwaite).rows
    let squares = [387129.817652, 26690.539815, 287.869286]
    let statistics = [31.38611, 1.08195, 0.01167]
    for (k, row) in rows.enumerated() {
      #expect(Self.isNear(row.sumOfSquares, squares[k], 1e-8))
      #expect(abs(row.statistic! - statistics[k]) < 1e-5 && row.denominatorDF == 264)
    }
    let deletion = try model.singleTermDeletions(.residual).rows
    #expect(deletion.map(\.name) == ["temp:recipe"])
    #expect(Self.isNear(deletion[0].sumOfSquares, 287.8692859369, 1e-8))
  }

  /// lm(angle ~ 0 + recipe + temp, cake): squares are about zero where there is no intercept.
  @Test func `R² without an intercept is about zero`() throws {
    let fit = try Self.fitted("angle ~ 0 + recipe + temp", "cake.csv").fit
    #expect(Self.isNear(fit.variationExplained?.overall, 0.945941811833252))
    #expect(Self.isNear(fit.variationExplained?.adjustedOverall, 0.945128906748038))
    #expect(Self.isNear(fit.variationExplained?.test?.statistic, 1163.65591634099))
  }

  @Test(arguments: [
    (CoefficientCovariance.hc0, [26.09738769741469, -5.08904799675182, 1.59070667876400]),
    (.hc1, [26.39061677266679, -5.14622831132212, 1.60857978751417]),
    (.hc2, [26.4782401054892, -5.17313942523290, 1.61640274023479]),
    (.hc3, [26.86533597107309, -5.25869711603250, 1.64254147749836]),
  ])
  func `covariances robust against unequal variances are those of R`(
    kind: CoefficientCovariance, values: [Double]
  ) throws {
    let fit = try Self.fitted("Reaction ~ Days", "sleepstudy.csv") { $0.coefficientCovariance = kind }
      .tested()
    #expect(Self.isNear(fit.vcov[0][0], values[0]) && Self.isNear(fit.vcov[0][1], values[1]))
    #expect(Self.isNear(fit.vcov[1][1], values[2]))
    #expect(fit.fixedEffects[1].degreesOfFreedom == 178)
    #expect(Self.isNear(fit.fixedEffects[1].standardError, values[2].squareRoot()))
    #expect(fit.convergence.messages.contains { $0.contains(kind.rawValue) })
    #expect(fit.robustCovariance?.clusters == nil)
  }

  @Test(arguments: [
    (CoefficientCovariance.hc0, [8.8179757772374643, 0.0445177027832615, 0.0717481117153699]),
    (.hc1, [8.9176170843323863, 0.0450207436405080, 0.0725588505757658]),
    (.hc2, [8.9561413771299900, 0.0452187782117820, 0.0729126936737564]),
    (.hc3, [9.0967370154008282, 0.0459322397873758, 0.0740981284545308]),
  ])
  func `so are those with prior weights`(kind: CoefficientCovariance, errors: [Double]) throws {
    let fit = try Self.fitted("angle ~ temp * recipe", "cake.csv") {
      $0.weights = "temperature"
      $0.coefficientCovariance = kind
    }.tested()
    for (k, error) in zip([0, 1, 5], errors) {
      #expect(Self.isNear(fit.fixedEffects[k].standardError, error, 1e-9))
    }
  }

  /// lm(angle ~ temp + factor(replicate), cake), and with recipe and weights = temperature; sandwiches written out,
  /// leverages by hatvalues.
  @Test(arguments: [
    (CoefficientCovariance.hc0, 0.0173736564609238, 0.0177185661122473),
    (.hc1, 0.0179125020654304, 0.0183404583524888), (.hc2, 0.0179390057113444, 0.0184044969285477),
    (.hc3, 0.0185228116920837, 0.0191176028571618),
  ])
  func `beside absorbed factors too`(kind: CoefficientCovariance, error: Double, weighted: Double) throws {
    let fit = try Self.fitted("angle ~ temp | replicate", "cake.csv") { $0.coefficientCovariance = kind }
      .tested()
    #expect(Self.isNear(fit.fixedEffects[0].estimate, 0.158031746031746))
    #expect(Self.isNear(fit.fixedEffects[0].standardError, error))
    let other = try Self.fitted("angle ~ temp | recipe + replicate", "cake.csv") {
      ($0.coefficientCovariance, $0.weights) = (kind, "temperature")
    }.tested()
    #expect(Self.isNear(other.fixedEffects[0].standardError, weighted))
  }

  /// lm(attain ~ verbal + sex + factor(primary) + factor(second), scotssec): seven rows are alone in a school, with a
  /// leverage of 1, and have no part in the coefficients.
  @Test(arguments: [
    (CoefficientCovariance.hc1, [0.00245148094471937, 0.07354559382896325]),
    (.hc2, [0.00244591792803329, 0.07326378962311610]), (.hc3, [0.00250507910961774, 0.07489263394347487]),
  ])
  func `levels of one row are no trap`(kind: CoefficientCovariance, errors: [Double]) throws {
    for solver in ["auto", "matrix-free"] {
      let fit = try Self.fitted("attain ~ verbal + sex | primary + second", "scotssec.csv") {
        ($0.coefficientCovariance, $0.solver) = (kind, solver)
      }.tested()
      for (effect, error) in zip(fit.fixedEffects, errors) { #expect(Self.isNear(effect.standardError, error)) }
      #expect(!fit.convergence.messages.contains { $0.contains("alone") })
    }
  }

  /// A row that has a coefficient to itself has no residual: HC2 and HC3 say that it tells nothing.
  @Test func `a row alone is no trap`() throws {
    let text = "y,f\n1,a\n2,a\n4,a\n3,b\n"
    var options = FitOptions()
    options.coefficientCovariance = .hc3
    let fit = try Fit(
      Formula("y ~ f"), data: [.bytes(Array(text.utf8), name: "four.csv")], options: options)
    #expect(fit.fixedEffects[0].standardError?.isFinite == true)
    #expect(fit.convergence.messages.contains { $0.contains("1 row alone determines") })
  }

  @Test func `what cannot be had is refused with its reason`() throws {
    for (formula, change, words) in [
      ("Reaction ~ Days + (1 | Subject)", { $0.coefficientCovariance = .hc3 }, "without random effects"),
      ("Reaction ~ Days", { $0.coefficientCovariance = .cr2 }, "cluster"),
      ("Reaction ~ Days", { $0.start = [1] }, "no random effects"),
    ] as [(String, (inout FitOptions) -> Void, String)] {
      let error = #expect(throws: (any Error).self) {
        try Self.fitted(formula, "sleepstudy.csv", change).tested()
      }
      #expect(error.map { "\($0)".contains(words) } == true, "\(formula)")
    }
    let data: [any TableSource] = [.file(Files.data("sleepstudy.csv"))]
    var options = FitOptions()
    options.coefficientCovariance = .hc1
    let products = try CrossProducts(Formula("Reaction ~ Days"), data: data)
    let error = #expect(throws: InferenceError.self) { try Fit(products, options: options) }
    #expect(error.map { "\($0)".contains("made of cross-products") } == true)
    let exact = "y,x\n1,1\n2,2\n3,3\n4,4\n"
    #expect(throws: FitError.self) {
      try Fit(Formula("y ~ x"), data: [.bytes(Array(exact.utf8), name: "line.csv")])
    }
    let model = try Self.fitted("Reaction ~ Days", "sleepstudy.csv")
    #expect(throws: InferenceError.self) { try model.bootstrap() }
  }

  @Test func `they are kept in files`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/fit.lmm"
    let model = try Self.fitted("angle ~ temp * recipe", "cake.csv")
    try model.save(to: path)
    let again = try Fit(contentsOf: path)
    #expect(again.variationExplained == (try model.tested()).variationExplained)
    #expect(zip(again.fixedEffects, model.fit.fixedEffects).allSatisfy { $0.estimate == $1.estimate })
  }
}
