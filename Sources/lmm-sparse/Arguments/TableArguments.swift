// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames

/// How a table of tests is written, and where.
struct TableArguments: ParsableArguments {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case summary, json, tidy
  }

  @Option(help: ArgumentHelp("Form of the report; default: summary.", valueName: "format"))
  var format: Format?

  @Flag(help: "Short for --format json.")
  var json = false

  @Option(
    help: ArgumentHelp("Write the report to a file, whole or not at all.", valueName: "file"))
  var output: String?

  @OptionGroup var progress: ProgressArguments

  func validate() throws {
    if json, let format, format != .json {
      throw ValidationError("--json and --format \(format.rawValue) exclude each other.")
    }
  }

  var chosenFormat: Format { json ? .json : format ?? .summary }

  func text(of report: any InferenceReport) -> String {
    switch chosenFormat {
    case .summary: printableText(report.summary, keeping: ["\n"])
    case .json: report.json
    case .tidy: report.tidy
    }
  }

  /// Makes the report of a run that writes nothing else, and writes it.
  func write(
    reading inputs: [String], _ make: (ProgressLine?) throws -> any InferenceReport
  ) throws {
    try write(RunFiles(reading: inputs, output: output), make)
  }

  /// Makes the report and writes it.
  func write(
    _ files: RunFiles, _ make: (ProgressLine?) throws -> any InferenceReport
  ) throws {
    let table = try make(progress.line)
    try files.report.write(text(of: table))
    if chosenFormat == .tidy { progress.tell(table.notes) }
  }
}
