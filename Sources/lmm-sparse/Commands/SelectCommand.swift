// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// Selects a random part among its submodels.
struct SelectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "select",
    abstract: "Fit submodels of the random part from the cross-products, and select one.",
    discussion: """
      No rows are read again, whatever their number:

          lmm-sparse fit 'y ~ a * b + (1 + a * b | subject) + (1 + a | item)' t.csv --save max.lmm
          lmm-sparse select max.lmm
          lmm-sparse select max.lmm --by aic
          lmm-sparse fit 'FORMULA' max.lmm

      By likelihood-ratio tests the search goes back: correlations of a term, summands that are part of no other \\
      (as main effects are of their interaction) and terms are taken out one by one, as long as a p-value is above \\
      --alpha; it is the mixture's where a single variance with its covariances goes, and else the naive one, which is too large. By \\
      AIC or BIC all submodels are fitted. A covariance of two factors (--covary) goes before correlations within them, or \
      with one of them. What is selected by looking at the data has p-values and intervals that are \\
      too good; the report says so.
      \(RandomPartSelection.jsonHelp)
      """)

  enum Rule: String, CaseIterable, ExpressibleByArgument { case lrt, aic, bic }

  @Argument(help: "The model: a model file, or a formula with --data.", completion: .file())
  var model: String

  @Option(help: ArgumentHelp("What decides.", valueName: "rule"))
  var by: Rule = .lrt

  @Option(.coverage, "Level of the likelihood-ratio tests", valueName: "x") var alpha = 0.1

  @Option(.submodels, "Submodels to fit at most by AIC or BIC", valueName: "n") var most = 200

  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws { try source.check([model]) }

  func run() throws {
    try report.write(reading: source.files(of: [model])) { progress in
      let fitted = try source.fitted(model, keepsCrossProducts: true, progress: progress)
      defer { progress?.clear() }
      return try fitted.randomPartSelection(
        by: SelectionRule(rawValue: by.rawValue) ?? .lrt, alpha: alpha, most: most,
        progress: { progress?.show($0) }
      ).report()
    }
  }
}
