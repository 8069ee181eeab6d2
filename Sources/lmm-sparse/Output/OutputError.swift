// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// A report that could not be written.
struct OutputError: Error, CustomStringConvertible {
  let path: String
  let reason: String
  /// Whether whoever read the output has had enough of it, as `head` has.
  let isBrokenPipe: Bool

  init(path: String, reason: String) {
    self.init(path: path, FileReplacement.Failure(reason))
  }

  init(path: String, _ failure: FileReplacement.Failure) {
    (self.path, reason, isBrokenPipe) = (path, failure.reason, failure.isBrokenPipe)
  }

  var description: String { ("cannot write to \(path): \(reason)" as MessageText).description }
}
