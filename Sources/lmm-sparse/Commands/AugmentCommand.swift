// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import Reports

/// Adds fitted values, residuals and influence to the rows of a fit.
struct AugmentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "augment",
    abstract: "Fitted values, residuals and influence, row by row or group by group.",
    discussion: """
      The rows' columns are copied, and those of broom.mixed's augment are added to them:

          lmm-sparse augment sleep.lmm --data sleepstudy.csv --influence

      .fitted is Xβ + Zb + offset, .resid the response without it, .fixed Xβ + offset, .wtres the \
      Pearson residual √w · .resid. Rows with a missing value stay, with NA. --influence adds .hat, \
      the diagonal of the hat matrix, and .cooksd, Cook's distance in one step with θ and σ held, as \
      lme4's hatvalues and cooks.distance. --influence-by GROUP writes a table with a line for every \
      level of a grouping factor instead: what leaving out its rows would do to the coefficients, θ and \
      σ held: Cook's distance and the changes of the coefficients.

      A model that is a formula is fitted to the rows, or to --train.
      """)

  @Argument(help: "The model: a model file, or a formula.", completion: .file())
  var model: String

  @Flag(help: "Add leverages and Cook's distances.")
  var influence = false

  @Option(
    help: ArgumentHelp(
      "Write the influence of the levels of a grouping factor instead.", valueName: "group"))
  var influenceBy: String?

  @Option(help: ArgumentHelp("Form of that table; default: tidy.", valueName: "format"))
  var format: TableArguments.Format?

  @OptionGroup var source: PredictionSource

  func validate() throws {
    try source.check(model, trainsOnRows: true)
    if influence, influenceBy != nil {
      throw ValidationError("--influence and --influence-by are two tables: ask for one.")
    }
    if format != nil, influenceBy == nil {
      throw ValidationError("--format is for the table of --influence-by; rows are CSV.")
    }
  }

  func run() throws {
    if let influenceBy { return try writeGroups(influenceBy) }
    try source.write(model) { predictor, options in
      RowTable(
        predictor, RowColumn.ofRows(predictor.fitted) + (influence ? [.leverage, .cooksDistance] : []),
        input: source.columns.input, options: options)
    }
  }

  private func writeGroups(_ group: String) throws {
    let destination = try source.destination(model)
    let line = source.progress.line
    var options = try source.options(model)
    options.progress = { line?.show($0) }
    let influence = try source.predictor(model)
      .influence(of: group, source.rows, options: options)
    line?.clear()
    try destination.write(influence.report(), as: format?.format ?? .tidy)
  }
}
