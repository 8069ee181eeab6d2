// SPDX-License-Identifier: GPL-2.0-or-later
package import Foundation

/// A folder that lasts as long as the value.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("lmm-sparse-tests-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Names, sorted.
  package var contents: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }

  package func file(_ name: String) -> String { path + "/" + name }

  /// Of a new file, to write to.
  package func handle(_ name: String) throws -> FileHandle {
    _ = FileManager.default.createFile(atPath: file(name), contents: nil)
    return try FileHandle(forWritingTo: URL(fileURLWithPath: file(name)))
  }

  package func text(_ name: String) throws -> String {
    try String(contentsOfFile: file(name), encoding: .utf8)
  }

  package func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: file(name))))
  }

  package func write(_ text: String, to name: String) throws {
    try write(Array(text.utf8), to: name)
  }

  /// A new file, without waiting for the disk, as Foundation does, and systems where contents are replaced: some
  /// tests write ten thousand times.
  package func write(_ bytes: [UInt8], to name: String) throws {
    unlink(file(name))
    guard let stream = fopen(file(name), "w") else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    let count = fwrite(bytes, 1, bytes.count, stream)
    guard fclose(stream) == 0, count == bytes.count else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
  }
}
