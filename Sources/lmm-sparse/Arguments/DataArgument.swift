// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser

/// Data named as other commands have them, beside those that follow the formula.
struct DataArgument: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("The same after an option, as other commands have it.", valueName: "file"), completion: .file())
  var data: [String] = []
}

/// Refuses a formula without data, and a formula that was taken for one of the files.
///
/// - Throws: `ValidationError`.
func checkFormula(_ formula: String?, _ data: [String], command: String) throws {
  guard let formula, formula.contains("~") else {
    let files = [formula].compactMap(\.self) + data
    if let swapped = files.first(where: { $0.contains("~") }) {
      let rest = files.filter { $0 != swapped }.joined(separator: " ")
      throw ValidationError(
        "the formula comes first: lmm-sparse \(command) '\(swapped)' \(rest)")
    }
    guard let formula else { return }
    throw ValidationError(
      "'\(formula)' is no formula, it has no ~. "
        + "Put the model first: lmm-sparse \(command) 'y ~ x + (1 | group)' \(files.joined(separator: " "))"
    )
  }
  guard data.isEmpty else { return }
  throw ValidationError(
    "there is a formula but no data. Name the files after it, or - for standard input.")
}
