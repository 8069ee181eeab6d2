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
  static let padding = 64

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
  /// Bytes taken from the source so far.
  let bytesRead: Int

  var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: buffer.base, count: count) }
}

/// What the header of a source says.
struct SourceLayout: Sendable {
  let table: TableLayout
  /// Position of every named column.
  let positions: [String: Int]

  init(_ table: TableLayout) {
    self.table = table
    positions = Dictionary(
      table.columnNames.enumerated().filter { !$0.element.isEmpty }.map { ($0.element, $0.offset) },
      uniquingKeysWith: { first, _ in first })
  }

  var name: String { table.name }
  var header: [String] { table.columnNames }
  var separator: UInt8 { table.separator }
}

/// An error whose line is counted from the start of its chunk.
struct TextFailure: Error {
  var error: DataError
  var linesIntoChunk: Int?

  /// The error with its line in the file, given the one on which its chunk starts.
  func located(after line: Int) -> DataError {
    var error = error
    if let linesIntoChunk { error.line = line + linesIntoChunk }
    return error
  }
}
