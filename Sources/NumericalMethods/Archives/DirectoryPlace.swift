// SPDX-License-Identifier: GPL-2.0-or-later

/// Where the directory of a zip archive is, from the record at the end of the file.
package struct DirectoryPlace {
  package let offset: Int
  private let size: Int
  private let count: Int

  /// Of a file of `size` bytes, of which `bytes` reads some.
  package init(
    size: Int, _ bytes: (_ offset: Int, _ count: Int) throws(ArchiveError) -> [UInt8]
  ) throws(ArchiveError) {
    guard size >= 22 else { throw .incomplete }
    let end = try bytes(size - 22, 22)
    guard end.starts(with: [0x50, 0x4b, 5, 6]), end.number(at: 20, bytes: 2) == 0 else {
      throw .incomplete
    }
    var (count, length) = (end.number(at: 10, bytes: 2), end.number(at: 12, bytes: 4))
    var offset = end.number(at: 16, bytes: 4)
    if count == 0xFFFF || length == saturated32 || offset == saturated32 {
      guard size >= 98 else { throw .damaged("directory") }
      let wide = try bytes(size - 98, 56)
      guard wide.starts(with: [0x50, 0x4b, 6, 6]) else { throw .damaged("directory") }
      (count, length) = (wide.number(at: 32, bytes: 8), wide.number(at: 40, bytes: 8))
      offset = wide.number(at: 48, bytes: 8)
    }
    guard let count, let length, let offset, offset <= size, length <= size - offset,
      count <= length / 46
    else { throw .damaged("directory") }
    (self.offset, self.size, self.count) = (offset, length, count)
  }

  /// The lines of the directory; nil if they are none.
  package func entries(_ bytes: [UInt8]) -> [ArchiveEntry]? {
    var entries: [ArchiveEntry] = []
    var start = 0
    for _ in 0..<count {
      guard size - start >= 46 else { return nil }
      let nameStart = start + 46
      let nameEnd = nameStart + bytes.number(at: start + 28, bytes: 2)!
      let end = nameEnd + bytes.number(at: start + 30, bytes: 2)!
      guard end <= size, bytes[nameStart..<nameEnd].allSatisfy({ $0 < 128 }) else { return nil }
      // What does not fit 32 bits comes behind the name: the length twice, the offset.
      var wide = nameEnd + 4
      func number(at position: Int, skipping: Int) -> Int? {
        let value = bytes.number(at: start + position, bytes: 4)
        guard value == saturated32 else { return value }
        defer { wide += skipping }
        return wide + 8 <= end ? bytes.number(at: wide, bytes: 8) : nil
      }
      guard let byteCount = number(at: 24, skipping: 16), let offset = number(at: 42, skipping: 8),
        byteCount <= Int.max / 4, offset <= Int.max / 4
      else { return nil }
      entries.append(
        ArchiveEntry(
          name: String(decoding: bytes[nameStart..<nameEnd], as: UTF8.self), byteCount: byteCount,
          checksum: UInt32(bytes.number(at: start + 16, bytes: 4)!), offset: offset))
      start = end
    }
    return entries
  }
}

extension [UInt8] {
  /// The number in some bytes, least significant first; nil if it is 2⁶³ or more.
  fileprivate func number(at position: Int, bytes: Int) -> Int? {
    var value: UInt64 = 0
    for k in 0..<bytes { value |= UInt64(self[position + k]) << UInt64(8 * k) }
    return Int(exactly: value)
  }
}
