// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// Writes the fixed effects, those of absorbed factors' levels if they are asked for.
struct FixefCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fixef",
    abstract: "Fixed effects, those of absorbed factors' levels too.",
    discussion: """
      The coefficients of the formula's terms with standard errors and tests, as fit reports them; \
      with --absorbed also the effect of every level of every absorbed factor:

          lmm-sparse fixef 'y ~ x + (1 | school) | worker + firm' --data panel.csv --absorbed --format tidy

      Together with x and the random effects they add up to fitted values: there is no intercept. \
      Levels of several absorbed factors are determined but for one constant for every set of levels \
      that rows connect, so that in each the first level of the later factor is 0; compare levels of \
      one set only.
      \(FixedEffectsReport.jsonHelp) effects are null for levels that are taken for 0, std_errors without --se.
      """)

  @Argument(help: "The model: a model file, or a formula with --data.")
  var model: String

  @Flag(help: "The effects of absorbed factors' levels, too.")
  var absorbed = false

  @Flag(help: "With --absorbed, standard errors of the levels' effects.")
  var se = false

  @OptionGroup var source: ModelSource
  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws {
    try source.check([model])
    if se, !absorbed {
      throw ValidationError("--se is for the levels of --absorbed; the coefficients have theirs.")
    }
  }

  func run() throws {
    let files = try RunFiles(reading: source.files(of: [model]), output: report.output)
    let fitted = try source.fitted(model, tests: tests, progress: report.progress.line)
    report.progress.tell(fitted.fit.convergence.messages)
    if absorbed, fitted.absorbedEffects.isEmpty {
      throw ValidationError(
        "--absorbed: “\(fitted.fit.formula)” has no absorbed factor. Name it behind a bar, 'y ~ x | factor', or after --absorb."
      )
    }
    try report.write(files) { _ in
      FixedEffectsReport(
        try fitted.tested(), absorbed: absorbed ? fitted.absorbedEffects : [],
        errors: absorbed && se ? try fitted.absorbedStandardErrors() : []
      ).report()
    }
  }
}
