// SPDX-License-Identifier: GPL-2.0-or-later

/// Whole numbers as differences in blocks (Parquet's DELTA_BINARY_PACKED, after Lemire & Boytsov 2015,
/// Software: Practice and Experience 45, 1–29).
enum DeltaNumbers {
  /// Takes the numbers off the front of `bytes`, as many as they say they are.
  ///
  /// - Parameter most: Numbers that there may be.
  /// - Throws: `ParquetFault`
  static func decode(_ bytes: inout Slice, most: Int) throws(ParquetFault) -> [Int64] {
    let blockSize = try bytes.takeVarint()
    let miniblocks = try bytes.takeVarint()
    let count = try bytes.takeVarint()
    guard count <= UInt64(most), miniblocks > 0, miniblocks <= 1 << 16, blockSize <= 1 << 24,
      blockSize % (8 * miniblocks) == 0
    else { throw .malformedPage }
    let perMiniblock = Int(blockSize / miniblocks)
    var value = try takeZigzag(&bytes)
    guard count > 0 else { return [] }
    guard perMiniblock > 0 || count == 1 else { throw .malformedPage }
    var values = [value]
    values.reserveCapacity(Int(count))
    while values.count < count {
      let least = try takeZigzag(&bytes)
      let widths = try bytes.take(Int(miniblocks))
      for k in 0..<Int(miniblocks) where values.count < count {
        let width = Int((widths.base + k).load(as: UInt8.self))
        guard width <= 64 else { throw .malformedPage }
        let taken = min(perMiniblock, Int(count) - values.count)
        let packed = try bytes.take(min(perMiniblock * width / 8, bytes.count))
        guard packed.count * 8 >= taken * width else { throw .shortPage }
        for j in 0..<taken {
          value &+= least &+ Int64(bitPattern: bits(packed.base, from: j * width, width))
          values.append(value)
        }
      }
    }
    return values
  }

  private static func takeZigzag(_ bytes: inout Slice) throws(ParquetFault) -> Int64 {
    let value = try bytes.takeVarint()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// Up to 64 bits; behind the bytes there is room for two words, see `Buffer`.
  @inline(__always)
  private static func bits(_ base: UnsafeRawPointer, from bit: Int, _ width: Int) -> UInt64 {
    guard width > 0 else { return 0 }
    let shift = UInt64(bit & 7)
    var word = base.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self) >> shift
    if width + Int(shift) > 64 {
      word |= UInt64(base.loadUnaligned(fromByteOffset: bit >> 3 + 8, as: UInt8.self)) << (64 - shift)
    }
    return width == 64 ? word : word & (1 << UInt64(width) - 1)
  }
}
