// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  package import Darwin
#endif

/// A file that takes its name when it is complete and on the disk; before, it has another one
/// beside it, and a failure leaves neither.
package struct FileReplacement {
  /// What failed, in words.
  package struct Failure: Error {
    package let reason: String
    /// Whether nobody reads the pipe any more.
    package let isBrokenPipe: Bool

    package init(_ reason: String) { (self.reason, isBrokenPipe) = (reason, false) }

    /// The system's words, by default for the last failure.
    package init(code: Int32 = errno) {
      (reason, isBrokenPipe) = (String(cString: strerror(code)), code == EPIPE)
    }
  }

  private let target: OutputTarget
  /// What becomes of a temporary file.
  package enum Moment {
    case toBeMade, made, gone
  }

  /// Told the name of a temporary file at each of its moments.
  private let noteTemporary: (String, Moment) -> Void

  package init(
    _ target: OutputTarget, noteTemporary: @escaping (String, Moment) -> Void = { _, _ in }
  ) {
    (self.target, self.noteTemporary) = (target, noteTemporary)
  }

  /// Hands `produce` an open descriptor.
  ///
  /// Open files, pipes and devices are written to as they are.
  ///
  /// - Throws: `Failure`, and what `produce` throws.
  package func write(_ produce: (Int32) throws -> Void) throws {
    switch target {
    case .descriptor(let descriptor): try produce(descriptor)
    case .stream(let path):
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Failure() }
      defer { close(descriptor) }
      try produce(descriptor)
    case .file(let folder, let name, let permissions):
      try replace(folder, name, permissions, produce)
    }
  }

  private func replace(
    _ folder: String, _ name: String, _ permissions: mode_t?, _ produce: (Int32) throws -> Void
  ) throws {
    let temporary = folder + "/.lmm-sparse-\(UInt64.random(in: 0...(.max))).tmp"
    noteTemporary(temporary, .toBeMade)
    defer { noteTemporary(temporary, .gone) }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    let failure = descriptor < 0 ? Failure() : nil
    noteTemporary(temporary, .made)
    if let failure { throw failure }
    if let permissions { fchmod(descriptor, permissions) }
    do {
      try produce(descriptor)
      guard fsync(descriptor) == 0 else { throw Failure() }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0, rename(temporary, folder + "/" + name) == 0 else {
      let failure = Failure()
      unlink(temporary)
      throw failure
    }
  }
}

/// Writes a model file, whole or not at all.
///
/// - Throws: `ModelFileError`, and what `produce` throws.
func writeModelFile(_ path: String, _ produce: (ByteSink) throws -> Void) throws {
  do {
    try FileReplacement(OutputTarget(path: path)).write { descriptor in
      try produce(ByteSink { try writeAll($0, to: descriptor) })
    }
  } catch let failure as FileReplacement.Failure {
    throw ModelFileError(path, .unwritable(failure.reason))
  }
}

private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
  var rest = bytes
  while !rest.isEmpty {
    let count = write(descriptor, rest.baseAddress!, rest.count)
    if count < 0, errno != EINTR { throw FileReplacement.Failure() }
    rest = UnsafeRawBufferPointer(rebasing: rest[max(count, 0)...])
  }
}
