// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Reports

/// How a table of tests is written, and where.
struct TableArguments: ParsableArguments {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case summary, json, tidy, markdown, html, latex

    var format: any ReportFormat {
      switch self {
      case .summary: .summary
      case .json: .json
      case .tidy: .tidy
      case .markdown: .markdown
      case .html: .html
      case .latex: .latex
      }
    }
  }

  @Option(help: .format) var format: Format?

  @Flag(help: "Short for --format json.")
  var json = false

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("Write the report to a file, whole or not at all.", valueName: "file"), completion: .file())
  var output: String?

  @OptionGroup var digits: DigitsArgument
  @OptionGroup var progress: ProgressArguments

  func validate() throws {
    try checkJSON(json, format)
    try digits.check(isForPeople: ![.json, .tidy].contains(chosen))
  }

  private var chosen: Format { json ? .json : format ?? Format(output: output) ?? .summary }

  private var chosenFormat: any ReportFormat { chosen.format }

  /// Makes the report of a run that writes nothing else, and writes it.
  func write(reading inputs: [String], _ make: (ProgressLine?) throws -> Report) throws {
    try write(RunFiles(reading: inputs, output: output), make)
  }

  /// Makes the report and writes it; what has no place in it is told.
  func write(_ files: RunFiles, _ make: (ProgressLine?) throws -> Report) throws {
    let report = try withSignificantDigits(digits.digits) {
      let report = try make(progress.line)
      try files.report.write(report, as: chosenFormat)
      return report
    }
    if !chosenFormat.showsNotes { progress.tell(report.notes) }
  }
}

extension TableArguments.Format {
  /// What the name of a file asks for; nil where it says nothing.
  init?(output file: String?) {
    switch file?.split(separator: ".", omittingEmptySubsequences: false).last?.lowercased() {
    case "json": self = .json
    case "csv": self = .tidy
    case "md": self = .markdown
    case "html": self = .html
    case "tex": self = .latex
    default: return nil
    }
  }
}

extension ArgumentHelp {
  static let format = ArgumentHelp(
    "Form of the report; default: that of the --output file's suffix (.csv, .json, .md, .html, .tex), else summary.",
    valueName: "format")
}

/// - Throws: `ValidationError` where `--json` and `--format` say different things.
func checkJSON<Format: RawRepresentable<String>>(_ json: Bool, _ format: Format?) throws {
  guard json, let format, format.rawValue != "json" else { return }
  throw ValidationError("--json and --format \(format.rawValue) exclude each other.")
}

extension ReportDestination {
  /// Writes a report as it is made.
  func write(_ report: Report, as format: any ReportFormat) throws {
    try write { stream in try stream.write { format.write(report, to: &$0) } }
  }
}

extension Reportable {
  /// The sentence of a help text that lists the names in JSON.
  static var jsonHelp: String { "JSON: \(layout.jsonNames)." }
}
