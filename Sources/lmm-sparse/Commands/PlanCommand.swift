// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// Says what a fit would take, without fitting.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show sizes, strategies, memory and predicted time of a fit, and fit nothing.")

  @Argument(help: "The model, such as 'y ~ x + (x | group)'.")
  var formula: String

  @Argument(
    help: ArgumentHelp(
      """
      CSV or TSV files with a header line, gzipped or not, - for standard input, or model files \
      (.lmm).
      """, valueName: "data"))
  var tables: [String] = []

  @OptionGroup var more: DataArgument

  /// All that is to be added up.
  var data: [String] { tables + more.data }

  @OptionGroup(title: "Model") var model: ModelArguments
  /// Says nothing of a plan; here so that a fit's options can be passed on.
  @OptionGroup(visibility: .hidden) var tests: DegreesOfFreedomArguments
  @OptionGroup(title: "Data") var reading: ReadingArguments
  @OptionGroup(title: "Search") var search: SearchArguments

  @Flag(help: "Write JSON.")
  var json = false

  @Option(help: ArgumentHelp("Write to a file, whole or not at all.", valueName: "file"))
  var output: String?

  func validate() throws { try checkFormula(formula, data, command: "plan") }

  func run() throws {
    let files = try RunFiles(reading: data + reading.files + model.files, output: output)
    var options = FitOptions()
    try model.set(&options)
    try reading.set(&options)
    search.set(&options)
    let plan = try ModelPlan(
      Formula(formula), from: ModelInput(arguments: data), options: options)
    let report = PlanReport(plan)
    try files.report.write(json ? report.json : printableText(report.text, keeping: ["\n"]))
    if plan.chosen == nil { throw NothingFits() }
  }
}

private struct NothingFits: Error, CustomStringConvertible {
  var description: String {
    "no strategy fits in this machine's memory. Take out a crossed term, merge rare levels, or use a larger machine."
  }
}
