// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// Writes the conditional modes of the random effects.
struct RanefCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ranef",
    abstract: "Conditional modes of the random effects, with their standard deviations.",
    discussion: """
      One table for every term, or, with --format tidy, one line for every level and column, \
      as broom.mixed's ran_vals:

          lmm-sparse ranef 'Reaction ~ Days + (Days | Subject)' --data sleepstudy.csv --format tidy

      The standard deviations are exact and conditional on θ and β, as those of lme4's \
      ranef(condVar = TRUE). Of levels with a relationship, such as animals of a pedigree, there are the reliability \
      1 - PEV/Var(b), with the uncertainty of β in the variance of prediction errors (PEV), and its root, the \
      accuracy.
      \(ConditionalModesReport.jsonHelp) cov is the covariance matrix of every level, column after column.
      """)

  @Argument(help: "The model: a model file, or a formula with --data.", completion: .file())
  var model: String

  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws { try source.check([model]) }

  func run() throws {
    let files = try RunFiles(reading: source.files(of: [model]), output: report.output)
    let progress = report.progress.line
    let fitted = try source.fitted(model, wantsModes: true, progress: progress)
    let fit = fitted.fit
    guard !fit.varianceComponents.isEmpty else {
      throw ValidationError(
        "“\(fit.formula)” has no random effects. fixef has the effects of absorbed factors.")
    }
    report.progress.tell(fit.convergence.messages)
    try report.write(files) { _ in 
      try ConditionalModesReport(fit, reliabilities: fitted.reliabilities()).report()
     }
  }
}
