// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Reports

/// Reads tables, fits one model to them and reports the fit.
struct FitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fit a linear mixed model to tables of rows.",
    discussion: """
      The formula is R's, as lme4 reads it; put it in quotes:

          lmm-sparse fit 'Reaction ~ Days + (Days | Subject)' sleepstudy.csv

      '.' stands for all other columns: 'y ~ . + (1 | g)', all but the response, grouping factors, \
      offsets and weights. --add and --drop change the formula, or that of a model file, which is \
      then fitted to its own data:

          lmm-sparse fit sleep.lmm --drop 'Days'

      Without arguments a shipped example, the sleep deprivation study, is fitted. A model file alone, \
      fit model.lmm, shows its fit without a search, as summary does. To refit a model to newer data start \
      where it ended: --start old.lmm.

      Factors with a fixed effect for every level that is of no interest by itself stand behind a \
      bar, or after --absorb: 'y ~ x + (1 | school) | worker + firm'. Their coefficients are not \
      reported (fixef --absorbed has them), and there may be 10^5 of them. A factor of 200 levels \
      or more among the other terms is solved for in the same way, and reported (--sparse-fixed). \
      Without a random term this is least squares, 'y ~ x', with --vcov HC3 if variances differ.

      Many responses of one design: 'cbind(y1, log(y2)) ~ x + (x | group)', or '~ x + (x | group)' \
      with --responses. Each is fitted as alone, to the rows in which it and the predictors are \
      there; the report has a line or more for each, and says which failed.
      """)

  @Argument(help: "The model, such as 'y ~ x + (x | group)'.", completion: .file())
  var formula: String?

  @Argument(
    help: ArgumentHelp(
      """
      CSV or TSV files with a header line, gzipped or not, Parquet or Arrow files, or - for standard input; \
      several files are one table. Or model files (.lmm) of crossprod or --save, \
      which are added up.
      """, valueName: "data"), completion: .file())
  var tables: [String] = []

  @OptionGroup var more: DataArgument

  @OptionGroup(title: "Formula") var changes: FormulaArguments

  /// All that is to be added up.
  var data: [String] { changes.data(formula, tables + more.data) }

  /// The model file whose fit is to be shown, where that is all that is asked for.
  private var storedFit: String? {
    guard let formula, data.isEmpty, !formula.contains("~"), ModelFile.isMeant(by: formula) else {
      return nil
    }
    return formula
  }

  @OptionGroup(title: "Model") var model: ModelArguments
  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @OptionGroup(title: "Data") var reading: ReadingArguments
  @OptionGroup(title: "Search") var search: SearchArguments
  @OptionGroup(title: "Report") var report: ReportArguments

  @Option(
    help: ArgumentHelp(
      "Save the fit with its cross-products for later commands, whole or not at all.",
      valueName: "file.lmm"), completion: .file())
  var save: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Fit '~ …' to many columns: their names with commas between, or /regular expression/.",
      valueName: "columns"))
  var responses: String?

  func validate() throws {
    try checkResponses()
    if let stored = storedFit {
      if save != nil {
        throw ValidationError("\(stored) is saved already; --save is for a new fit.")
      }
      return try checkStored(stored, model, reading, search)
    }
    if save == "-" {
      throw ValidationError("--save needs a file name; standard output has the report.")
    }
    try changes.check(formula, tables + more.data, command: "fit")
    if formula == nil, !data.isEmpty {
      throw ValidationError("there are data but no formula, such as 'y ~ x + (1 | group)'.")
    }
  }

  func run() throws {
    if hasManyResponses { return try fitResponses() }
    if let stored = storedFit { return try report.writeStored(stored, tests, search) }
    let files = try RunFiles(
      reading: data + reading.files + model.files + search.files, output: report.output, others: ["--save": save])
    if let output = report.output, save == nil, ModelFile.isMeant(by: output) {
      throw ValidationError(
        "--output takes the report, and \(output) is the name of a model. Keep the fit with --save \(output)."
      )
    }
    let isExample = formula == nil
    let input =
      isExample
      ? ModelInput(files: [], data: [SleepstudyExample.data]) : ModelInput(arguments: data)
    let progress = report.progress.line
    let fit = try fit(input, try options(input, progress: progress), saving: files["--save"])
    progress?.clear()

    let isInviting = isExample && report.isSummary && !report.progress.quiet
    try report.write(fit, files, ending: isInviting ? SleepstudyExample.invitation : "")
  }

  /// The file of `--save` is written before the report, and only if there is a fit.
  private func fit(
    _ input: ModelInput, _ options: FitOptions, saving destination: ReportDestination?
  ) throws -> Fit {
    let formula = try model.formula(changes.formula(formula ?? SleepstudyExample.formula).text)
    guard let destination else { return try Fit(formula, from: input, options: options) }
    var fit: Fit?
    try destination.write {
      fit = try Fit(formula, from: input, options: options, savingTo: $0.sink)
    }
    return fit!
  }

  func options(_ input: ModelInput, progress: ProgressLine?) throws -> FitOptions {
    var options = FitOptions()
    try model.set(&options)
    tests.set(&options)
    try reading.set(&options)
    try search.set(&options)
    options.wantsConditionalModes = report.ranef
    options.wantsScaledResiduals = try report.wantsResiduals(of: input)
    options.scaledResidualRows = report.residualRows
    let best = BestSoFar()
    options.progress = { event in
      best.note(event)
      progress?.show(event)
    }
    return options
  }
}
