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
struct ReportDestination {
  private enum Target {
    case standardOutput
    /// A pipe or device: there is nothing to keep whole.
    case stream(String)
    case file(String, permissions: mode_t?)
  }

  private let target: Target

  /// Checks the path before the work is done.
  /// - Throws: `OutputError` if the file cannot be written or is one of `inputs`.
  init(path: String?, inputs: [String]) throws(OutputError) {
    guard let path, path != "-" else {
      target = .standardOutput
      return
    }
    let existing = FileIdentity(path: path)
    guard let existing else {
      let directory = FileReplacement.directory(of: path)
      guard !path.isEmpty, !path.hasSuffix("/"), access(directory, W_OK | X_OK) == 0 else {
        throw OutputError(path: path, reason: path.isEmpty ? "the name is empty" : systemWords())
      }
      target = .file(path, permissions: nil)
      return
    }
    if existing.isDirectory { throw OutputError(path: path, reason: "it is a directory") }
    guard access(path, W_OK) == 0 else { throw OutputError(path: path, reason: systemWords()) }
    guard existing.isRegular else {
      target = .stream(path)
      return
    }
    for input in inputs {
      let identity = FileIdentity(path: input == "-" ? "/dev/stdin" : input)
      if let identity, identity.isSameFile(as: existing) {
        throw OutputError(path: path, reason: "it is read as input")
      }
    }
    // A symbolic link stays a link: the file it points to is replaced.
    guard let resolved = realpath(path, nil) else {
      throw OutputError(path: path, reason: systemWords())
    }
    defer { free(resolved) }
    target = .file(String(cString: resolved), permissions: existing.permissions)
  }

  func write(_ text: String) throws {
    try write { try $0.write(text) }
  }

  /// Hands `produce` where to write; a file takes its name when `produce` is done.
  /// - Throws: `OutputError`, and what `produce` throws; then a file is as it was.
  func write(_ produce: (OutputStream) throws -> Void) throws {
    switch target {
    case .standardOutput:
      try produce(OutputStream(descriptor: STDOUT_FILENO, path: "standard output"))
    case .stream(let path):
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw OutputError(path: path, reason: systemWords()) }
      defer { close(descriptor) }
      try produce(OutputStream(descriptor: descriptor, path: path))
    case .file(let path, let permissions): try replace(path, permissions, produce)
    }
  }

  private func replace(
    _ path: String, _ permissions: mode_t?, _ produce: (OutputStream) throws -> Void
  ) throws {
    let file = FileReplacement(path, permissions: permissions, noteTemporary: removeOnInterrupt)
    do {
      try file.write { try produce(OutputStream(descriptor: $0, path: path)) }
    } catch let failure as FileReplacement.Failure {
      throw OutputError(path: path, reason: failure.reason)
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
      throw OutputError(path: path, reason: systemWords())
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
      guard writeAll(bytes, to: descriptor) else {
        throw OutputError(path: path, reason: systemWords())
      }
    }
  }
}

/// A report that could not be written.
struct OutputError: Error, CustomStringConvertible {
  let path: String
  let reason: String

  var description: String { ("cannot write to \(path): \(reason)" as MessageText).description }
}
