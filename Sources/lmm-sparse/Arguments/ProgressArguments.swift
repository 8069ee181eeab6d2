// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

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

  /// Notes on standard error, for output that has no place for them.
  func tell(_ notes: [String]) {
    guard !quiet else { return }
    for note in notes { writeToStandardError(message: "note: \(note)") }
  }

  /// nil where none is wanted.
  var line: ProgressLine? { ProgressLine(isWanted: progress, isUnwanted: quiet) }

  /// nil, too, where a terminal shows rows as they are written.
  func line(besidesRowsIn output: String?) -> ProgressLine? {
    let isOnTerminal = (output == nil || output == "-") && isatty(STDOUT_FILENO) == 1
    return isOnTerminal && !progress ? nil : line
  }
}
