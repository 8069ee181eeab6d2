// SPDX-License-Identifier: GPL-2.0-or-later

/// Which rows of a page have a value.
struct Levels {
  /// Bits, the lowest first; nil where all have one.
  let validity: Buffer?
  let valueCount: Int

  static func all(_ count: Int) -> Levels { Levels(validity: nil, valueCount: count) }

  private init(validity: Buffer?, valueCount: Int) {
    (self.validity, self.valueCount) = (validity, valueCount)
  }

  /// From definition levels of 0 and 1.
  ///
  /// - Throws: `ParquetFault`
  init(_ bytes: Slice, count: Int) throws(ParquetFault) {
    if try HybridRuns(bytes, width: 1).isOneRun(of: 1, count) {
      self = .all(count)
      return
    }
    let levels = Buffer(4 * count)
    defer { withExtendedLifetime(levels) {} }
    let words = levels.base.bindMemory(to: UInt32.self, capacity: count)
    var runs = try HybridRuns(bytes, width: 1)
    try runs.decode(count, to: words)
    let bits = Buffer((count + 7) / 8)
    var present = 0
    for k in 0..<bits.count {
      var byte: UInt8 = 0
      for row in 8 * k..<min(8 * k + 8, count) { byte |= UInt8(words[row] & 1) << UInt8(row & 7) }
      bits.base.storeBytes(of: byte, toByteOffset: k, as: UInt8.self)
      present += byte.nonzeroBitCount
    }
    (validity, valueCount) = (present == count ? nil : bits, present)
  }

  /// Values of one size, one after another, put where their rows are; zeros between them.
  func spread(_ values: Slice, width: Int, count: Int) -> Slice {
    guard let validity else { return values }
    let spread = Buffer(count * width)
    spread.base.initializeMemory(as: UInt8.self, repeating: 0, count: count * width)
    var next = 0
    for row in 0..<count where isThere(validity, row) {
      (spread.base + row * width).copyMemory(from: values.base + next * width, byteCount: width)
      next += 1
    }
    return Slice(spread)
  }

  func spreadBits(_ values: Slice, count: Int) -> Slice {
    guard let validity else { return values }
    let spread = Buffer((count + 7) / 8)
    spread.base.initializeMemory(as: UInt8.self, repeating: 0, count: spread.count)
    var next = 0
    for row in 0..<count where isThere(validity, row) {
      let bit = values.base.load(fromByteOffset: next >> 3, as: UInt8.self) >> UInt8(next & 7) & 1
      let byte = spread.base.load(fromByteOffset: row >> 3, as: UInt8.self)
      spread.base.storeBytes(of: byte | bit << UInt8(row & 7), toByteOffset: row >> 3, as: UInt8.self)
      next += 1
    }
    return Slice(spread)
  }

  @inline(__always)
  private func isThere(_ bits: Buffer, _ row: Int) -> Bool {
    bits.base.load(fromByteOffset: row >> 3, as: UInt8.self) >> UInt8(row & 7) & 1 == 1
  }
}
