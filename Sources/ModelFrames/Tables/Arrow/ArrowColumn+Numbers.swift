// SPDX-License-Identifier: GPL-2.0-or-later

extension ArrowColumn {
  /// Writes the numbers of some rows to `target`, NaN for missing ones.
  ///
  /// Integers beyond 2⁵³ and decimals are rounded to the nearest double.
  func writeNumbers(_ rows: Range<Int>, to target: UnsafeMutablePointer<Double>) {
    switch type {
    case .integer(1, true): write(rows, to: target) { (value: Int8) in Double(value) }
    case .integer(1, _): write(rows, to: target) { (value: UInt8) in Double(value) }
    case .integer(2, true): write(rows, to: target) { (value: Int16) in Double(value) }
    case .integer(2, _): write(rows, to: target) { (value: UInt16) in Double(value) }
    case .integer(4, true): write(rows, to: target) { (value: Int32) in Double(value) }
    case .integer(4, _): write(rows, to: target) { (value: UInt32) in Double(value) }
    case .integer(_, true): write(rows, to: target) { (value: Int64) in Double(value) }
    case .integer: write(rows, to: target) { (value: UInt64) in Double(value) }
    case .float(4): write(rows, to: target) { (bits: UInt32) in Double(Float(bitPattern: bits)) }
    case .float: write(rows, to: target) { (bits: UInt64) in Double(bitPattern: bits) }
    case .date(false): write(rows, to: target) { (days: Int32) in Double(days) }
    case .date: write(rows, to: target) { (value: Int64) in Double(value) / 86_400_000 }
    case .timestamp(let units):
      write(rows, to: target) { (value: Int64) in Double(value) / Double(units) }
    case .boolean:
      let bits = buffer(1)?.assumingMemoryBound(to: UInt8.self)
      writeRows(rows, to: target) { row in
        let k = first + row
        return Double(bits![k >> 3] >> UInt8(k & 7) & 1)
      }
    case .decimal: writeRows(rows, to: target) { decimal($0).number }
    case .null, .text, .textView, .dictionary, .unreadable:
      target.initialize(repeating: .nan, count: rows.count)
    }
  }

  @inline(__always)
  private func write<Value: BitwiseCopyable>(
    _ rows: Range<Int>, to target: UnsafeMutablePointer<Double>, _ number: (Value) -> Double
  ) {
    guard let base = buffer(1) else {
      target.initialize(repeating: .nan, count: rows.count)
      return
    }
    let size = MemoryLayout<Value>.size
    let start = base + (first + rows.lowerBound) * size
    if mayMiss {
      writeRows(rows, to: target) { row in
        number(base.loadUnaligned(fromByteOffset: (first + row) * size, as: Value.self))
      }
    } else {
      for k in 0..<rows.count {
        target[k] = number(start.loadUnaligned(fromByteOffset: k * size, as: Value.self))
      }
    }
  }

  @inline(__always)
  private func writeRows(
    _ rows: Range<Int>, to target: UnsafeMutablePointer<Double>, _ number: (Int) -> Double
  ) {
    for row in rows { target[row - rows.lowerBound] = isThere(row) ? number(row) : .nan }
  }

  /// The decimal in a row.
  func decimal(_ row: Int) -> FixedDecimal {
    guard case .decimal(let scale, let bytes) = type else { preconditionFailure("no decimals") }
    let base = buffer(1)! + (first + row) * bytes
    let limbs =
      bytes == 4
      ? [UInt64(truncatingIfNeeded: base.loadUnaligned(as: Int32.self))]
      : (0..<bytes / 8).map { base.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
    return FixedDecimal(limbs: limbs, scale: scale)
  }
}

/// A whole number of powers of ten.
struct FixedDecimal {
  let isNegative: Bool
  /// Without leading zeros; `0` for zero.
  private let digits: [UInt8]
  private let scale: Int

  /// - Parameter limbs: of the number in two's complement, the lowest first.
  init(limbs: [UInt64], scale: Int) {
    self.scale = scale
    var magnitude = limbs
    isNegative = limbs.last! >> 63 == 1
    if isNegative {
      var carry = true
      for k in magnitude.indices {
        let (sum, overflow) = (~magnitude[k]).addingReportingOverflow(carry ? 1 : 0)
        (magnitude[k], carry) = (sum, overflow)
      }
    }
    var digits: [UInt8] = []
    repeat {
      var rest: UInt64 = 0
      for k in magnitude.indices.reversed() {
        (magnitude[k], rest) = (10 as UInt64).dividingFullWidth((rest, magnitude[k]))
      }
      digits.append(48 + UInt8(rest))
    } while magnitude.contains { $0 != 0 }
    self.digits = digits.reversed()
  }

  /// As SQL writes it: `-12.50`.
  var text: [UInt8] {
    var text: [UInt8] = isNegative ? [UInt8(ascii: "-")] : []
    if scale <= 0 {
      text += digits + (digits == [48] ? [] : Array(repeating: 48, count: -scale))
    } else {
      let padded = Array(repeating: 48, count: max(scale + 1 - digits.count, 0)) + digits
      text += padded.dropLast(scale) + [UInt8(ascii: ".")] + padded.suffix(scale)
    }
    return text
  }

  /// The double nearest to it.
  var number: Double {
    guard case .number(let value) = text.withUnsafeBufferPointer({ readNumber($0) }) else {
      return .infinity
    }
    return value
  }
}
