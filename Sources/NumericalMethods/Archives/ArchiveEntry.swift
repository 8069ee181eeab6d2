// SPDX-License-Identifier: GPL-2.0-or-later

/// One member of a zip archive, stored without compression.
///
/// All that a header says follows from these four values, so that a reader can hold every byte of
/// an archive against what a writer would have written.
package struct ArchiveEntry: Sendable, Equatable {
  /// ASCII.
  package let name: String
  package let byteCount: Int
  package let checksum: UInt32
  /// Where its header begins.
  package let offset: Int

  package init(name: String, byteCount: Int, checksum: UInt32, offset: Int) {
    (self.name, self.byteCount) = (name, byteCount)
    (self.checksum, self.offset) = (checksum, offset)
  }

  /// The header before the data.
  var header: [UInt8] {
    var record = Record()
    record.append32(0x0403_4b50)
    appendCommon(to: &record)
    record.append16(name.utf8.count)
    record.append16(isLarge ? 20 : 0)
    record.bytes += name.utf8
    if isLarge {
      record.append16(1)
      record.append16(16)
      record.append64(byteCount)
      record.append64(byteCount)
    }
    return record.bytes
  }

  var dataOffset: Int { offset + 30 + name.utf8.count + (isLarge ? 20 : 0) }
  var end: Int { dataOffset + byteCount }

  /// The line of the directory at the archive's end.
  var directoryLine: [UInt8] {
    var wide: [Int] = isLarge ? [byteCount, byteCount] : []
    if offset >= saturated32 { wide.append(offset) }
    var record = Record()
    record.append32(0x0201_4b50)
    record.append16(3 << 8 | version)  // made on a Unix system
    appendCommon(to: &record)
    record.append16(name.utf8.count)
    record.append16(wide.isEmpty ? 0 : 4 + 8 * wide.count)
    for _ in 0..<3 { record.append16(0) }  // comment, disk, internal attributes
    record.append32(0o100644 << 16)
    record.append32(min(offset, saturated32))
    record.bytes += name.utf8
    if !wide.isEmpty {
      record.append16(1)
      record.append16(8 * wide.count)
      for value in wide { record.append64(value) }
    }
    return record.bytes
  }

  private var isLarge: Bool { byteCount >= saturated32 }
  /// 4.5 is the first with 64-bit sizes.
  private var version: Int { isLarge || offset >= saturated32 ? 45 : 20 }

  private func appendCommon(to record: inout Record) {
    record.append16(version)
    record.append16(0)  // flags
    record.append16(0)  // stored
    record.append16(0)  // midnight
    record.append16(0x21)  // of 1 January 1980: equal contents make equal files
    record.append32(Int(checksum))
    for _ in 0..<2 { record.append32(min(byteCount, saturated32)) }
  }
}

/// In a field of 32 bits: the value is in a field of 64 elsewhere.
let saturated32 = 0xFFFF_FFFF
private let saturated16 = 0xFFFF

/// The directory and what follows it to the end of the file.
package func directory(of entries: [ArchiveEntry], at offset: Int) -> [UInt8] {
  var record = Record()
  for entry in entries { record.bytes += entry.directoryLine }
  let size = record.bytes.count
  if offset >= saturated32 || size >= saturated32 || entries.count >= saturated16 {
    let position = offset + size
    record.append32(0x0606_4b50)
    record.append64(44)
    for _ in 0..<2 { record.append16(45) }
    for value in [0, 0] { record.append32(value) }
    for value in [entries.count, entries.count, size, offset] { record.append64(value) }
    record.append32(0x0706_4b50)
    record.append32(0)
    record.append64(position)
    record.append32(1)
  }
  record.append32(0x0605_4b50)
  for value in [0, 0] { record.append16(value) }
  for _ in 0..<2 { record.append16(min(entries.count, saturated16)) }
  record.append32(min(size, saturated32))
  record.append32(min(offset, saturated32))
  record.append16(0)
  return record.bytes
}

/// Bytes of a header, least significant first.
private struct Record {
  var bytes: [UInt8] = []

  mutating func append16(_ value: Int) { append(value, count: 2) }
  mutating func append32(_ value: Int) { append(value, count: 4) }
  mutating func append64(_ value: Int) { append(value, count: 8) }

  private mutating func append(_ value: Int, count: Int) {
    for k in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * k))) }
  }
}
