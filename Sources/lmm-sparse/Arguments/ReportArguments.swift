// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Reports

/// What is reported, and where.
struct ReportArguments: ParsableArguments {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case summary, json, tidy, glance, markdown, html, latex
  }

  @Option(help: .format) var format: Format?

  @Flag(help: "Short for --format json.")
  var json = false

  @Flag(help: "Add conditional modes and their standard deviations to json and tidy.")
  var ranef = false

  @Flag(
    inversion: .prefixedNo,
    help: """
      Read the rows again for the quantiles of the scaled residuals; default: in summaries \
      of files below 256 MB together and of at most 5 million rows.
      """)
  var residuals: Bool?

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("Write the report to a file, whole or not at all.", valueName: "file"), completion: .file())
  var output: String?

  @Flag(help: "Add how the fit was found, its times and memory to the summary.")
  var verbose = false

  @OptionGroup var digits: DigitsArgument
  @OptionGroup var progress: ProgressArguments

  func validate() throws {
    try checkJSON(json, format)
    try digits.check(isForPeople: ![.json, .tidy, .glance].contains(chosenFormat))
  }

  private var chosenFormat: Format {
    let named = TableArguments.Format(output: output).flatMap { Format(rawValue: $0.rawValue) }
    return json ? .json : format ?? named ?? .summary
  }

  var isSummary: Bool { chosenFormat == .summary }

  var isGlance: Bool { chosenFormat == .glance }

  var reportFormat: any ReportFormat {
    (TableArguments.Format(rawValue: chosenFormat.rawValue) ?? .tidy).format
  }

  /// - Throws: if residuals are asked for of rows that can be read but once, or are not there.
  func wantsResiduals(of input: ModelInput) throws -> Bool {
    if let file = input.files.first {
      if residuals == true { throw RowsGone(file: file) }
      return false
    }
    let isReadable = !input.data.contains(where: \.isReadOnce)
    if residuals == true, !isReadable {
      throw UnreadableAgain()
    }
    let bytes = input.data.reduce(0) { $0 + ($1.byteCount ?? 0) }
    return residuals ?? (isSummary && isReadable && bytes < 256_000_000)
  }

  /// Compressed files have many rows in few bytes.
  var residualRows: Int { residuals == nil ? 5_000_000 : .max }
}

private struct RowsGone: Error, CustomStringConvertible {
  let file: String

  var description: String {
    "--residuals needs rows, and \(file) holds only their sums. Leave it out, or name the data."
  }
}

private struct UnreadableAgain: Error, CustomStringConvertible {
  let description =
    "--residuals reads the rows twice, which standard input and pipes do not allow. "
    + "Write them to a file first, or leave --residuals out."
}
