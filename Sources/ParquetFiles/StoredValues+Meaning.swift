// SPDX-License-Identifier: GPL-2.0-or-later

extension StoredValues {
  /// The same as their type has them.
  ///
  /// - Throws: `ParquetFault` for a value that the type has no room for.
  func meaning(
    _ type: ParquetType, _ stored: StoredType, isUUID: Bool, count: Int
  ) throws(ParquetFault) -> StoredValues {
    switch (type, stored, self) {
    case (.timestamp, .int96, .fixed(let slice)): return .fixed(try Self.timestamps(slice, count))
    case (.decimal(_, let width), .bytes, .texts(let texts)):
      let decimals = Buffer(width * count)
      for k in 0..<count { try Self.reverse(texts.text(k), to: decimals.base + width * k, width) }
      return .fixed(Slice(decimals))
    case (.decimal(_, let width), .fixed(let length), .fixed(let slice)):
      let decimals = Buffer(width * count)
      for k in 0..<count {
        let bytes = UnsafeRawBufferPointer(start: slice.base + length * k, count: length)
        try Self.reverse(bytes, to: decimals.base + width * k, width)
      }
      return .fixed(Slice(decimals))
    case (.text, .fixed(let length), .fixed(let slice)):
      return .texts(try isUUID && length == 16 ? Self.uuids(slice, count) : Self.texts(slice, length, count))
    default: return self
    }
  }

  /// From nanoseconds of the day and the Julian day: microseconds since 1970 began.
  private static func timestamps(_ slice: Slice, _ count: Int) throws(ParquetFault) -> Slice {
    let times = Buffer(8 * count)
    for k in 0..<count {
      let nanoseconds = slice.base.loadUnaligned(fromByteOffset: 12 * k, as: Int64.self)
      let day = slice.base.loadUnaligned(fromByteOffset: 12 * k + 8, as: Int32.self)
      // Further than this from 1970, microseconds have no room in 64 bits.
      guard abs(Int64(day) - 2_440_588) < 100_000_000, abs(nanoseconds / 1000) < 1 << 60 else {
        throw ParquetFault("has a timestamp that is out of range")
      }
      let since = (Int64(day) - 2_440_588) * 86_400_000_000
      times.base.storeBytes(of: since &+ nanoseconds / 1000, toByteOffset: 8 * k, as: Int64.self)
    }
    return Slice(times)
  }

  /// A number in two's complement, its highest byte first, as one with the lowest first.
  private static func reverse(
    _ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, _ width: Int
  ) throws(ParquetFault) {
    let sign: UInt8 = bytes.first.map { $0 >> 7 == 1 ? 0xFF : 0 } ?? 0
    let kept = bytes.suffix(width)
    guard bytes.dropLast(kept.count).allSatisfy({ $0 == sign }) else {
      throw ParquetFault("has a decimal of more than \(width) bytes")
    }
    for (k, byte) in kept.reversed().enumerated() {
      target.storeBytes(of: byte, toByteOffset: k, as: UInt8.self)
    }
    for k in kept.count..<width { target.storeBytes(of: sign, toByteOffset: k, as: UInt8.self) }
  }

  private static func texts(_ slice: Slice, _ length: Int, _ count: Int) throws(ParquetFault) -> Texts {
    let texts = try Texts(repeatElement(length, count: count))
    texts.bytes.base.copyMemory(from: slice.base, byteCount: length * count)
    return texts
  }

  /// As `8-4-4-4-12` digits.
  private static func uuids(_ slice: Slice, _ count: Int) throws(ParquetFault) -> Texts {
    let texts = try Texts(repeatElement(36, count: count))
    let digits = Array("0123456789abcdef".utf8)
    for k in 0..<count {
      var target = texts.bytes.base + 36 * k
      func put(_ byte: UInt8) {
        target.storeBytes(of: byte, as: UInt8.self)
        target += 1
      }
      for j in 0..<16 {
        let byte = Int((slice.base + 16 * k + j).load(as: UInt8.self))
        if [4, 6, 8, 10].contains(j) { put(UInt8(ascii: "-")) }
        put(digits[byte >> 4])
        put(digits[byte & 15])
      }
    }
    return texts
  }
}
