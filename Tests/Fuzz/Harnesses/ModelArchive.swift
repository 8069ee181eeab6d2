// SPDX-License-Identifier: GPL-2.0-or-later

/// The members of a model file: what a forger would take apart, change, and put together again with
/// right checksums.
///
/// Written from the format's description and not with the library's own writer, which has no means
/// to write nonsense.
struct ModelArchive {
  var members: [(name: [UInt8], bytes: [UInt8])] = []

  /// nil if `bytes` are no archive of stored members, one after the other.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var position = 0
    while position + 30 <= bytes.count, number(bytes, position, 4) == 0x0403_4b50 {
      let (size, name) = (number(bytes, position + 18, 4), number(bytes, position + 26, 2))
      let start = position + 30 + name + number(bytes, position + 28, 2)
      guard start + size <= bytes.count else { return nil }
      members.append(
        (Array(bytes[position + 30..<position + 30 + name]), Array(bytes[start..<start + size])))
      position = start + size
    }
    guard !members.isEmpty else { return nil }
  }

  var packed: [UInt8] {
    var (file, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, bytes) in members {
      let common =
        fields((20, 2), (0, 2), (0, 2), (0, 2), (0x21, 2), (Int(checksum(bytes)), 4))
        + fields((bytes.count, 4), (bytes.count, 4), (name.count, 2), (0, 2))
      directory += fields((0x0201_4b50, 4), (3 << 8 | 20, 2)) + common
      directory += fields((0, 2), (0, 2), (0, 2), (0o100644 << 16, 4), (file.count, 4)) + name
      file += fields((0x0403_4b50, 4)) + common + name + bytes
    }
    let count = members.count & 0xFFFF
    return file + directory
      + fields((0x0605_4b50, 4), (0, 2), (0, 2), (count, 2), (count, 2))
      + fields((directory.count, 4), (file.count, 4), (0, 2))
  }
}

private func number(_ bytes: UnsafeRawBufferPointer, _ position: Int, _ count: Int) -> Int {
  (0..<count).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
}

/// Numbers of so many bytes, least significant first.
private func fields(_ values: (value: Int, bytes: Int)...) -> [UInt8] {
  values.flatMap { field in
    (0..<field.bytes).map { UInt8(truncatingIfNeeded: field.value >> (8 * $0)) }
  }
}

/// CRC-32 as zip has it.
private func checksum(_ bytes: [UInt8]) -> UInt32 {
  ~bytes.reduce(~0) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
}

private let table: [UInt32] = (0..<256).map { byte in
  (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
}
