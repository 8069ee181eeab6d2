// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Reports
import Testing

struct SummaryReportTests {
  @Test(arguments: GoldenSummary.all)
  func `the summary has lme4's numbers and layout`(golden: GoldenSummary) throws {
    let report = try golden.makeFit().report().text()
    let body = report.split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
      .prefix { !$0.hasPrefix("Correlation of fixed effects not shown") }
      .joined(separator: "\n")
    #expect(trimmed(body) == trimmed(golden.body))
  }

  @Test func `the title names the criterion`() throws {
    let reml = try GoldenSummary.sleepstudyREML.makeFit().report().text()
    let ml = try GoldenSummary.sleepstudyML.makeFit().report().text()
    #expect(reml.hasPrefix("Linear mixed model fit by REML\nFormula: "))
    #expect(ml.hasPrefix("Linear mixed model fit by maximum likelihood\nFormula: "))
  }

  @Test func `more than twelve coefficients have no table of correlations`() throws {
    let report = try GoldenSummary.cakeFactorial.makeFit().report().text()
    #expect(report.contains("Correlation of fixed effects not shown for more than 12"))
  }

  @Test func `messages of the search end the page`() throws {
    let fit = try GoldenSummary.dyestuff2Singular.makeFit(messages: ["boundary (singular) fit"])
    #expect(fit.report().text().hasSuffix("\n\nboundary (singular) fit\n"))
  }

  @Test(arguments: [(1, "(1 row with missing"), (9, "(9 rows with missing")])
  func `omitted rows are counted below the sizes`(omitted: Int, words: String) throws {
    let report = try GoldenSummary.sleepstudyREML.makeFit(omitted: omitted).report().text()
    #expect(report.contains("groups:  Subject, 18\n\(words)"))
  }

  @Test func `without a second pass over the rows there is no table of residuals`() throws {
    let fit = try GoldenSummary.sleepstudyREML.makeFit(hasResiduals: false)
    #expect(!fit.report().text().contains("residuals"))
  }

  @Test func `names cannot break lines and many files are counted`() throws {
    let fit = try GoldenSummary.sleepstudyREML.makeFit()
    let component = VarianceComponent(
      "a\nb\u{1B}[2J", group: "g", levelCount: 2, columns: ["x"], standardDeviations: [1],
      correlations: [[1]], covariances: [[1]])
    let report = fit.replacing(
      varianceComponents: [component], data: (0..<1000).map { "part\($0).csv" }
    ).report().text()
    #expect(report.contains("\n a\\nb\\u{1B}[2J x "))
    #expect(report.contains("   Data: part0.csv, part1.csv, part2.csv and 997 more\n"))
  }

  @Test func `an undefined correlation prints as NaN`() throws {
    let fit = try GoldenSummary.sleepstudyREML.makeFit()
    let component = VarianceComponent(
      "Subject", group: "Subject", levelCount: 18, columns: ["(Intercept)", "Days"],
      standardDeviations: [0, 5], correlations: [[1, nil], [nil, 1]],
      covariances: [[0, 0], [0, 25]])
    let report = fit.replacing(varianceComponents: [component]).report().text()
    // R: format(matrix(c(1, NaN, NaN, 1), 2), nsmall = 2) gives " NaN".
    #expect(report.contains("          Days         25.0     5.00     NaN\n"))
  }

  @Test func `verbose adds theta, trace, solver and cost`() throws {
    let fit = try GoldenSummary.sleepstudyREML.makeFit()
    let quiet = fit.report().text()
    let verbose = fit.report(isVerbose: true).text()
    #expect(verbose.hasPrefix(quiet.dropLast()))
    for words in [
      "Subject.Days.(Intercept)", "Optimizer: bobyqa, 57 evaluations", "1750.250000",
      "Solver: cholmod, 120 nonzeros in the factor, 2 threads", "one evaluation 1.000 ms",
      "Peak memory: 3.0 MiB",
    ] {
      #expect(verbose.contains(words), "\(words) is missing in\n\(verbose)")
    }
  }

  private func trimmed(_ text: String) -> String {
    var text = text
    while text.hasSuffix("\n") { text.removeLast() }
    return text
  }
}

extension Fit {
  func replacing(
    varianceComponents: [VarianceComponent], data names: [String]? = nil
  ) -> Fit {
    Fit(
      formula, criterionKind: criterionKind, data: names ?? data, weights: weights, offset: offset,
      observations: observations, omittedObservations: omittedObservations,
      randomEffectCount: randomEffectCount, criterion: criterion, sigma: sigma, theta: theta,
      fixedEffects: fixedEffects, vcov: vcov, varianceComponents: varianceComponents,
      convergence: convergence, conditionalModes: conditionalModes,
      scaledResiduals: scaledResiduals, solver: solver, timing: timing, peakMemory: peakMemory)
  }
}
