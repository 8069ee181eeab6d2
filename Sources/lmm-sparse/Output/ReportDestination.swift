// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels

/// Where a report goes: standard output or a file, which is then written whole or not at all.
///
/// `RunFiles` makes these, after a look at all other files of the run.
struct ReportDestination {
  private let output: PlannedOutput

  init(_ output: PlannedOutput) { self.output = output }

  func write(_ text: String) throws {
    try write { try $0.write(text) }
  }

  /// Hands `produce` where to write; a file takes its name when `produce` is done.
  /// - Throws: `OutputError`, and what `produce` throws; then a file is as it was.
  func write(_ produce: (OutputStream) throws -> Void) throws {
    do {
      try FileReplacement(output.target, noteTemporary: removeOnInterrupt).write {
        try produce(OutputStream(descriptor: $0, path: output.name))
      }
    } catch let failure as FileReplacement.Failure {
      throw OutputError(path: output.name, failure)
    }
  }
}
