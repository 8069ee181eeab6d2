// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Reports

/// Says what a fit would take, without fitting.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show sizes, strategies, memory and predicted time of a fit, and fit nothing.",
    discussion: ModelPlan.jsonHelp)

  @Argument(help: "The model, such as 'y ~ x + (x | group)'.", completion: .file())
  var formula: String

  @Argument(
    help: ArgumentHelp(
      """
      CSV or TSV files with a header line, gzipped or not, Parquet or Arrow files, - for standard input, or model files \
      (.lmm).
      """, valueName: "data"), completion: .file())
  var tables: [String] = []

  @OptionGroup var more: DataArgument

  @OptionGroup(title: "Formula") var changes: FormulaArguments

  /// All that is to be added up.
  var data: [String] { changes.data(formula, tables + more.data) }

  @OptionGroup(title: "Model") var model: ModelArguments
  /// Says nothing of a plan; here so that a fit's options can be passed on.
  @OptionGroup(visibility: .hidden) var tests: DegreesOfFreedomArguments
  @OptionGroup(title: "Data") var reading: ReadingArguments
  @OptionGroup(title: "Search") var search: SearchArguments

  @OptionGroup(title: "Report") var report: TableArguments

  func validate() throws {
    try changes.check(formula, tables + more.data, command: "plan")
  }

  func run() throws {
    var options = FitOptions()
    try model.set(&options)
    try reading.set(&options)
    try search.set(&options)
    var plan: ModelPlan?
    try report.write(reading: data + reading.files + model.files + search.files) { _ in
      let made = try ModelPlan(
        model.formula(changes.formula(formula).text), from: ModelInput(arguments: data),
        options: options)
      plan = made
      return made.report()
    }
    if plan?.chosen == nil { throw NothingFits() }
  }
}

private struct NothingFits: Error, CustomStringConvertible {
  var description: String {
    "no strategy fits in this machine's memory. Take out a crossed term, merge rare levels, or use a larger machine."
  }
}
