// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import ModelFrames

/// How exactly numbers are shown to people.
struct DigitsArgument: ParsableArguments {
  @Option(
    .digits, "Significant digits of estimates in tables; default: 5, in summaries 4",
    valueName: "n")
  var digits: Int?

  /// - Throws: `ValidationError` where nothing would be rounded.
  func check(isForPeople: Bool) throws {
    guard digits != nil, !isForPeople else { return }
    throw ValidationError("--digits is for tables that people read; JSON and CSV have all digits.")
  }
}
