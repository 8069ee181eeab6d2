// SPDX-License-Identifier: GPL-2.0-or-later

/// A member of an archive while it is read, once, from its beginning to its end.
///
/// Nothing of it is to be trusted before `finish` found the checksum right.
package struct ArchiveMember: ~Copyable {
  private let archive: ArchiveReader
  private let entry: ArchiveEntry
  private var position = 0
  private var checksum = Checksum()

  init(_ archive: ArchiveReader, _ entry: ArchiveEntry) {
    (self.archive, self.entry) = (archive, entry)
  }

  /// Bytes that were not read yet.
  package var remaining: Int { entry.byteCount - position }

  /// Reads the next bytes, as many as the buffer holds.
  package mutating func read(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(ArchiveError) {
    guard buffer.count <= remaining else { throw .damaged(entry.name) }
    // In pieces that stay in the cache until they are summed.
    var done = 0
    while done < buffer.count {
      let end = min(done + 1 << 18, buffer.count)
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<end])
      try archive.read(at: entry.dataOffset + position, into: piece)
      checksum.add(UnsafeRawBufferPointer(piece))
      position += piece.count
      done = end
    }
  }

  /// - Throws: `ArchiveError.damaged` if bytes are left or the checksum is wrong.
  package consuming func finish() throws(ArchiveError) {
    guard remaining == 0, checksum.value == entry.checksum else { throw .damaged(entry.name) }
  }

  /// The header of an array of which all values are still to be read.
  package mutating func header() throws(ArchiveError) -> ArrayHeader {
    var ahead = ArchiveMember(archive, entry)
    let start = try ahead.bytes(min(ArrayHeader.longest, remaining))
    guard let header = ArrayHeader(start) else { throw .damaged(entry.name) }
    _ = try bytes(header.bytes.count)
    guard header.byteCount == remaining else { throw .damaged(entry.name) }
    return header
  }

  fileprivate mutating func bytes(_ count: Int) throws(ArchiveError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try fill(&bytes)
    return bytes
  }

  fileprivate mutating func fill<Element>(_ values: inout [Element]) throws(ArchiveError) {
    var failure: ArchiveError?
    values.withUnsafeMutableBytes { buffer in
      do throws(ArchiveError) { try read(into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}

extension ArchiveReader {
  package func text(_ name: String) throws(ArchiveError) -> String {
    var member = try member(name)
    let bytes = try member.bytes(member.remaining)
    try member.finish()
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .damaged(name) }
    return text
  }

  package func bytes(_ name: String) throws(ArchiveError) -> (shape: [Int], values: [UInt8]) {
    try array(name, .byte, zero: 0)
  }

  package func doubles(_ name: String) throws(ArchiveError) -> (shape: [Int], values: [Double]) {
    try array(name, .double, zero: 0)
  }

  package func integers(_ name: String) throws(ArchiveError) -> (shape: [Int], values: [Int32]) {
    try array(name, .int32, zero: 0)
  }

  private func array<Element>(
    _ name: String, _ element: ArrayHeader.Element, zero: Element
  ) throws(ArchiveError) -> (shape: [Int], values: [Element]) {
    var member = try member(name)
    let header = try member.header()
    guard header.element == element else { throw .damaged(name) }
    var values = [Element](repeating: zero, count: member.remaining / element.size)
    try member.fill(&values)
    try member.finish()
    return (header.shape, values)
  }
}
