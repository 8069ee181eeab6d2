// SPDX-License-Identifier: GPL-2.0-or-later

#if _endian(big)
  #error("arrays are written as they lie in memory, least significant byte first")
#endif

/// Writes a zip archive of texts and NumPy arrays from the first byte to the last, never going
/// back, so that it can go into a pipe.
///
/// Python reads it with `numpy.load`, R with `unz`, a shell with `unzip`.
package struct ArchiveWriter {
  private let sink: ByteSink
  private var entries: [ArchiveEntry] = []
  private var offset = 0

  package init(_ sink: ByteSink) { self.sink = sink }

  /// Adds a member; `produce` is called twice with the same result, for the checksum and for the
  /// bytes.
  package mutating func add(_ name: String, _ produce: (ByteSink) throws -> Void) throws {
    var (checksum, count) = (Checksum(), 0)
    try produce(
      ByteSink { bytes in
        checksum.add(bytes)
        count += bytes.count
      })
    let entry = ArchiveEntry(
      name: name, byteCount: count, checksum: checksum.value, offset: offset)
    try sink.write(entry.header)
    try produce(sink)
    entries.append(entry)
    offset = entry.end
  }

  package mutating func add(_ name: String, text: String) throws {
    try add(name) { try $0.write(Array(text.utf8)) }
  }

  /// Adds an array whose values `produce` hands over in pieces, twice.
  package mutating func add(
    _ name: String, _ header: ArrayHeader, _ produce: (ByteSink) throws -> Void
  ) throws {
    let start = header.bytes
    try add(name) { sink in
      try sink.write(start)
      try produce(sink)
    }
    precondition(
      entries.last?.byteCount == header.byteCount.map { start.count + $0 },
      "\(name) has other values than its shape says")
  }

  package mutating func add(_ name: String, shape: [Int], _ values: [Double]) throws {
    try add(name, ArrayHeader(.double, shape)) { try $0.write(values) }
  }

  package mutating func add(_ name: String, shape: [Int], _ values: [Int32]) throws {
    try add(name, ArrayHeader(.int32, shape)) { try $0.write(values) }
  }

  /// Writes the directory; nothing can be added after it.
  package consuming func finish() throws {
    try sink.write(directory(of: entries, at: offset))
  }
}

/// Where bytes go.
package struct ByteSink {
  private let take: (UnsafeRawBufferPointer) throws -> Void

  package init(_ take: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.take = take }

  package func write(_ bytes: UnsafeRawBufferPointer) throws { try take(bytes) }

  /// The values as they lie in memory.
  package func write<Number: BitwiseCopyable>(_ values: [Number]) throws {
    try values.withUnsafeBytes(take)
  }
}
