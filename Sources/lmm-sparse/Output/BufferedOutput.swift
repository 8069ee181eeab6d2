// SPDX-License-Identifier: GPL-2.0-or-later

/// Text on its way to a file or pipe, so that a report of millions of levels is never whole in
/// memory.
struct BufferedOutput: TextOutputStream {
  private let stream: OutputStream
  private var bytes: [UInt8] = []
  /// The first failure; what comes after it is dropped.
  private var failure: (any Error)?

  private static let capacity = 1 << 20

  init(_ stream: OutputStream) {
    self.stream = stream
  }

  mutating func write(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    if bytes.count >= Self.capacity { flush() }
  }

  private mutating func flush() {
    if failure == nil {
      do { try stream.write(bytes) } catch { failure = error }
    }
    bytes.removeAll(keepingCapacity: true)
  }

  /// Writes what is left.
  ///
  /// - Throws: `OutputError` if anything could not be written.
  mutating func finish() throws {
    flush()
    if let failure { throw failure }
  }
}

extension OutputStream {
  /// Writes text as it comes, a megabyte at a time.
  func write(_ produce: (inout BufferedOutput) throws -> Void) throws {
    var output = BufferedOutput(self)
    try produce(&output)
    try output.finish()
  }
}
