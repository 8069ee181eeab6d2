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

      \(VarianceExplained.jsonHelp)
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

  @OptionGroup var coverage: CoverageArgument
  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  func table(of fitted: FittedModel, _ progress: ProgressLine?) throws -> VarianceExplained {
    try fitted.varianceExplained(
      ratios: ratio, level: coverage.level, intervals: method.intervals)
  }
}
