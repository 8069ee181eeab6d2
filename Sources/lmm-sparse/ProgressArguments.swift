// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser

/// Whether progress is shown.
struct ProgressArguments: ParsableArguments {
  @Flag(help: "Show progress even if standard error is no terminal.")
  var progress = false

  @Flag(help: "Show no progress and no hints.")
  var quiet = false

  func validate() throws {
    if progress && quiet {
      throw ValidationError("--progress and --quiet exclude each other.")
    }
  }

  /// nil where none is wanted.
  var line: ProgressLine? { ProgressLine(isWanted: progress, isUnwanted: quiet) }
}
