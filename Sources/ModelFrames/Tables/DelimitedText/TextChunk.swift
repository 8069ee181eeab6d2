// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Memory for a piece of text, filled by one owner and only read once it is shared.
final class TextBuffer: @unchecked Sendable {  // the filling ends before the sharing begins
  /// Readable bytes after the capacity, so that words can be loaded past the end.
  static let padding = 32

  let base: UnsafeMutablePointer<UInt8>
  let capacity: Int

  /// Nil if there is no memory for it.
  init?(capacity: Int) {
    guard let memory = malloc(capacity + Self.padding) else { return nil }
    self.capacity = capacity
    base = memory.bindMemory(to: UInt8.self, capacity: capacity + Self.padding)
    (base + capacity).initialize(repeating: 0, count: Self.padding)
  }

  /// No room at all.
  init() {
    capacity = 0
    base = .allocate(capacity: Self.padding)
    base.initialize(repeating: 0, count: Self.padding)
  }

  deinit { free(base) }
}

/// Whole records of one source as text; the last record ends in a line feed.
struct TextChunk: Sendable {
  let buffer: TextBuffer
  let count: Int  // bytes
  let layout: SourceLayout
  /// Line on which the chunk starts, known for the first chunk of a source only.
  let firstLine: Int?
  /// Bytes taken from all sources so far.
  let bytesRead: Int

  var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: buffer.base, count: count) }
}

/// What the header of a source says.
struct SourceLayout: Sendable {
  let source: Int
  let name: String
  let separator: UInt8
  let header: [String]
  /// Position of every named column.
  let positions: [String: Int]

  init(source: Int, name: String, separator: UInt8, header: [String]) {
    (self.source, self.name, self.separator, self.header) = (source, name, separator, header)
    positions = Dictionary(
      header.enumerated().filter { !$0.element.isEmpty }.map { ($0.element, $0.offset) },
      uniquingKeysWith: { first, _ in first })
  }
}

/// An error whose line is counted from the start of its chunk.
struct TextFailure: Error {
  var error: DataError
  var linesIntoChunk: Int?
  /// As in `TextChunk`.
  var firstLine: Int?
}
