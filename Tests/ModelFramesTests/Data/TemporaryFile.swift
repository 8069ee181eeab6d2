// SPDX-License-Identifier: GPL-2.0-or-later
import Dispatch
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file that lives as long as this object.
final class TemporaryFile: Sendable {
  let path: String

  init(_ bytes: [UInt8]) {
    var template = Array("/tmp/table-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    precondition(descriptor >= 0, "no temporary file")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    writeAll(descriptor, bytes, step: bytes.count)
    close(descriptor)
  }

  deinit { unlink(path) }
}

/// The reading end of a pipe; a thread writes the bytes into it in small steps.
final class Pipe {
  /// A path that opens the pipe.
  let path: String
  private let reading: Int32
  private let writer = DispatchGroup()

  init(_ bytes: [UInt8], step: Int) {
    var ends: [Int32] = [0, 0]
    precondition(pipe(&ends) == 0, "no pipe")
    let writing = ends[1]
    reading = ends[0]
    path = "/dev/fd/\(reading)"
    DispatchQueue.global().async(group: writer) {
      writeAll(writing, bytes, step: step)
      close(writing)
    }
  }

  /// To be called when the table is read.
  func finish() {
    writer.wait()
    close(reading)
  }
}

private func writeAll(_ descriptor: Int32, _ bytes: [UInt8], step: Int) {
  var start = 0
  while start < bytes.count {
    let count = min(step, bytes.count - start)
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + start, count) }
    if written <= 0 { return }
    start += written
  }
}
