// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Reports

/// Writes summary, tests and figures of a model as one page.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write one HTML page with summary, tests and figures.",
    discussion: """
      The page needs no other file, and suits light and dark screens and paper:

          lmm-sparse report sleep.lmm --data sleepstudy.csv -o sleep.html

      Without --data the figures of rows and residuals are left out. gnuplot draws the figures \
      (Debian: gnuplot-nox).
      """)

  @Argument(help: "The model: a model file, or a formula with --data.", completion: .file())
  var model: String

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "Write the page to a file, whole or not at all; default: standard output.",
      valueName: "file"), completion: .file())
  var output: String?

  @OptionGroup var progress: ProgressArguments

  @OptionGroup(title: "Tests") var tests: DegreesOfFreedomArguments
  @OptionGroup var source: ModelSource

  func validate() throws {
    try source.check([model])
    try checkReadableAgain(source.data, "the page reads its rows for every figure of them")
  }

  func run() throws {
    let files = try RunFiles(reading: source.files(of: [model]), output: output)
    let line = progress.line
    let rows = try source.rows(for: model)
    let fitted = try source.figureSource(
      model, wantsModes: true, tests, progress: line)
    let page = try fitted.report(data: rows, progress: { line?.show($0) })
    line?.clear()
    try files.report.write(page)
  }
}
