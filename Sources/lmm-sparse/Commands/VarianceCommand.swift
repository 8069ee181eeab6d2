// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// R², intraclass correlations, principal components of the random effects.
struct VarianceCommand: ModelTableCommand {
  static let configuration = CommandConfiguration(
    commandName: "variance",
    abstract: "R2, intraclass correlations (ICC), and principal components of the random effects.",
    discussion: """
      Marginal and conditional R2 after Nakagawa & Schielzeth, with random slopes after Johnson; ICC relative to \
      the random effects and residuals (adjusted) and to all variance (unadjusted); lme4's rePCA. With --weights \
      rows count by their weights, and the residual variance is that of the mean weight:

          lmm-sparse variance 'y ~ x + (x | g)' --data t.csv

      --ratio computes a function of the variances, such as heritability, with its standard error by the delta \
      method and Wald's limits. Names are those of terms with one column, Residual, and var_x|g, \
      cov_x.(Intercept)|g, sd_x|g, cor_x.(Intercept)|g of others:

          lmm-sparse variance fit.lmm --ratio 'animal/(animal+Residual)'

      --method profile gives limits at which the criterion of the best fit with such a value has risen by a quantile \
      of chi-squared, which lie within what a variance can be.

      --decompose worker,firm has the variances of two absorbed factors' effects and their covariance, as the \
      estimates have them and without the bias of their errors (Kline, Saggio & Soelvsten 2020), with standard \
      errors that hold for rows of unequal variances. It is computed in the largest set of rows that stays \
      connected without any one of them, for which the rows are read once more:

          lmm-sparse variance 'wage ~ age | worker + firm' --data panel.csv --decompose worker,firm

      \(VarianceExplained.jsonHelp)
      With --decompose, \(VarianceDecomposition.jsonHelp)
      """)

  @Argument(help: "The model: a model file, or a formula with --data.", completion: .file())
  var model: String

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("A function of the variances; repeatable.", valueName: "expression"))
  var ratio: [String] = []

  enum Method: String, CaseIterable, ExpressibleByArgument {
    case wald, profile

    var intervals: RatioInterval { self == .profile ? .profile : .wald }
  }

  @Option(help: ArgumentHelp("How intervals of --ratio are made.", valueName: "kind"))
  var method: Method = .wald

  @Option(help: ArgumentHelp("Two absorbed factors whose variances are wanted.", valueName: "a,b"))
  var decompose: String?

  @Option(help: ArgumentHelp("Of the random vectors of --decompose in large panels.", valueName: "number"))
  var seed: UInt64 = 1

  @OptionGroup var coverage: CoverageArgument
  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  func table(of fitted: FittedModel, _ progress: ProgressLine?) throws -> VarianceExplained {
    try fitted.varianceExplained(
      ratios: ratio, level: coverage.level, intervals: method.intervals)
  }

  func validate() throws {
    try source.check([model])
    guard decompose == nil || ratio.isEmpty else {
      throw ValidationError("--ratio is of random effects' variances, --decompose of absorbed factors'. Ask for one.")
    }
  }

  func run() throws {
    try report.write(reading: source.files(of: [model])) { progress in
      let fitted = try source.fitted(model, tests: nil, progress: progress)
      let notes = fitted.fit.convergence.messages
      guard let decompose else { return try table(of: fitted, progress).report(notes: notes) }
      let names = AbsorbedArguments.names(decompose)
      return try fitted.varianceDecomposition(names, level: coverage.level, seed: seed).report(notes: notes)
    }
  }
}
