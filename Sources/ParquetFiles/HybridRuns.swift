// SPDX-License-Identifier: GPL-2.0-or-later

/// Small numbers in runs: of one value, or bit by bit in groups of eight (Parquet's RLE/bit-packing hybrid).
struct HybridRuns {
  private var bytes: Slice
  private let width: Int

  /// - Parameter width: Bits of a number, at most 32.
  init(_ bytes: Slice, width: Int) throws(ParquetFault) {
    guard width <= 32 else { throw .malformedPage }
    (self.bytes, self.width) = (bytes, width)
  }

  /// Whether the first numbers are all of one value, of at most eight bits, and in one run.
  func isOneRun(of value: UInt8, _ count: Int) -> Bool {
    var rest = bytes
    guard width <= 8, let header = try? rest.takeVarint(), header & 1 == 0, header >> 1 >= count,
      let found = try? rest.takeByte()
    else { return false }
    return found == value
  }

  /// Writes the first numbers to `target`.
  ///
  /// - Throws: `ParquetFault` where there are not so many.
  mutating func decode(_ count: Int, to target: UnsafeMutablePointer<UInt32>) throws(ParquetFault) {
    if width == 0, bytes.count == 0 {
      target.initialize(repeating: 0, count: count)
      return
    }
    var done = 0
    while done < count {
      let header = try bytes.takeVarint()
      guard header < 1 << 40 else { throw .malformedPage }
      let isPacked = header & 1 == 1
      let length = Int(header >> 1)
      guard length > 0 else { throw .malformedPage }
      let taken = min(isPacked ? 8 * length : length, count - done)
      if isPacked {
        // The last group may be cut off.
        let packed = try bytes.take(min(length * width, bytes.count))
        guard packed.count * 8 >= taken * width else { throw .shortPage }
        unpack(packed.base, taken, target + done)
      } else {
        let value = try bytes.take((width + 7) / 8)
        var word: UInt32 = 0
        for k in 0..<value.count { word |= UInt32((value.base + k).load(as: UInt8.self)) << (8 * k) }
        (target + done).initialize(repeating: word, count: taken)
      }
      done += taken
    }
  }

  /// Behind the bytes there is room for a word, see `Buffer`.
  private func unpack(
    _ packed: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutablePointer<UInt32>
  ) {
    let mask = UInt64(1) << UInt64(width) - 1
    var bit = 0
    for k in 0..<count {
      let word = packed.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self)
      target[k] = UInt32(truncatingIfNeeded: word >> UInt64(bit & 7) & mask)
      bit += width
    }
  }
}
