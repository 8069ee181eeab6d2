// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#elseif canImport(Darwin)
  package import Darwin
#endif

/// A file that takes its name when it is complete and on the disk; before, it has another one
/// beside it, and a failure leaves neither.
package struct FileReplacement {
  /// The system's words for what failed.
  package struct Failure: Error {
    package let reason: String

    init() { reason = String(cString: strerror(errno)) }
  }

  private let path: String
  private let permissions: mode_t?
  /// Told the name of the temporary file, and nil when there is none any more.
  private let noteTemporary: (String?) -> Void

  package init(
    _ path: String, permissions: mode_t? = nil,
    noteTemporary: @escaping (String?) -> Void = { _ in }
  ) {
    (self.path, self.permissions, self.noteTemporary) = (path, permissions, noteTemporary)
  }

  /// Hands `produce` an open descriptor.
  ///
  /// - Throws: `Failure`, and what `produce` throws.
  package func write(_ produce: (Int32) throws -> Void) throws {
    let temporary = Self.directory(of: path) + "/.lmm-sparse-\(UInt64.random(in: 0...(.max))).tmp"
    noteTemporary(temporary)
    defer { noteTemporary(nil) }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Failure() }
    if let permissions { fchmod(descriptor, permissions) }
    do {
      try produce(descriptor)
      guard fsync(descriptor) == 0 else { throw Failure() }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let failure = Failure()
      unlink(temporary)
      throw failure
    }
  }

  package static func directory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

/// Writes a model file, whole or not at all.
///
/// - Throws: `ModelFileError`, and what `produce` throws.
func writeModelFile(_ path: String, _ produce: (ByteSink) throws -> Void) throws {
  do {
    try FileReplacement(path, permissions: permissions(of: path)).write { descriptor in
      try produce(ByteSink { try writeAll($0, to: descriptor) })
    }
  } catch let failure as FileReplacement.Failure {
    throw ModelFileError(path, .unwritable(failure.reason))
  }
}

private func permissions(of path: String) -> mode_t? {
  var status = stat()
  return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
}

private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
  var rest = bytes
  while !rest.isEmpty {
    let count = write(descriptor, rest.baseAddress!, rest.count)
    if count < 0, errno != EINTR { throw FileReplacement.Failure() }
    rest = UnsafeRawBufferPointer(rebasing: rest[max(count, 0)...])
  }
}
