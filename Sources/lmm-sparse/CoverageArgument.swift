// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser

/// The coverage of intervals.
struct CoverageArgument: ParsableArguments {
  @Option(help: ArgumentHelp("Coverage of the intervals.", valueName: "x"))
  var level = 0.95

  func validate() throws {
    guard level > 0, level < 1 else {
      throw ValidationError("--level must lie between 0 and 1.")
    }
  }
}
