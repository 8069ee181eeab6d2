// SPDX-License-Identifier: GPL-2.0-or-later

/// A gzip member that holds the bytes uncompressed (RFC 1951, 3.2.4; RFC 1952), so that tests
/// need no compressor.
func storedGzip(_ bytes: [UInt8]) -> [UInt8] {
  var result: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
  var start = 0
  repeat {
    let count = min(bytes.count - start, 1000)
    let isLast = start + count == bytes.count
    result += [isLast ? 1 : 0, UInt8(count & 255), UInt8(count >> 8)]
    result += [UInt8(~count & 255), UInt8((~count >> 8) & 255)]
    result += bytes[start..<start + count]
    start += count
  } while start < bytes.count
  for word in [crc32(bytes), UInt32(truncatingIfNeeded: bytes.count)] {
    for shift in [0, 8, 16, 24] { result.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
  }
  return result
}

private func crc32(_ bytes: [UInt8]) -> UInt32 {
  var crc: UInt32 = ~0
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
  }
  return ~crc
}
