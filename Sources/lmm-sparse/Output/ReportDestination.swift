// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

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

/// Where the bytes of a report go.
struct OutputStream {
  fileprivate let descriptor: Int32
  fileprivate let path: String

  func write(_ text: String) throws(OutputError) {
    try write(Array(text.utf8))
  }

  func write(_ bytes: [UInt8]) throws(OutputError) {
    guard bytes.withUnsafeBytes({ writeAll($0, to: descriptor) }) else {
      throw OutputError(path: path, .init())
    }
  }

  /// Writes text as it comes, a megabyte at a time.
  func write(_ produce: (inout BufferedOutput) throws -> Void) throws {
    var output = BufferedOutput(self)
    try produce(&output)
    try output.finish()
  }

  var sink: ByteSink {
    ByteSink { bytes in
      guard writeAll(bytes, to: descriptor) else { throw OutputError(path: path, .init()) }
    }
  }
}

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
