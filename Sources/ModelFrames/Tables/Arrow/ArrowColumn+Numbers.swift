// SPDX-License-Identifier: GPL-2.0-or-later

extension ArrowColumn {
  /// Appends the numbers of some rows, NaN for missing ones.
  ///
  /// Integers beyond 2⁵³ and decimals are rounded to the nearest double.
  func appendNumbers(_ rows: Range<Int>, to numbers: inout [Double]) {
    switch type {
    case .integer(1, true): append(rows, to: &numbers) { (value: Int8) in Double(value) }
    case .integer(1, _): append(rows, to: &numbers) { (value: UInt8) in Double(value) }
    case .integer(2, true): append(rows, to: &numbers) { (value: Int16) in Double(value) }
    case .integer(2, _): append(rows, to: &numbers) { (value: UInt16) in Double(value) }
    case .integer(4, true): append(rows, to: &numbers) { (value: Int32) in Double(value) }
    case .integer(4, _): append(rows, to: &numbers) { (value: UInt32) in Double(value) }
    case .integer(_, true): append(rows, to: &numbers) { (value: Int64) in Double(value) }
    case .integer: append(rows, to: &numbers) { (value: UInt64) in Double(value) }
    case .float(4): append(rows, to: &numbers) { (bits: UInt32) in Double(Float(bitPattern: bits)) }
    case .float: append(rows, to: &numbers) { (bits: UInt64) in Double(bitPattern: bits) }
    case .date(false): append(rows, to: &numbers) { (days: Int32) in Double(days) }
    case .date: append(rows, to: &numbers) { (value: Int64) in Double(value) / 86_400_000 }
    case .timestamp(let units):
      append(rows, to: &numbers) { (value: Int64) in Double(value) / Double(units) }
    case .boolean:
      let bits = buffer(1)!.assumingMemoryBound(to: UInt8.self)
      for row in rows {
        let k = first + row
        numbers.append(isThere(row) ? Double(bits[k >> 3] >> UInt8(k & 7) & 1) : .nan)
      }
    case .decimal:
      for row in rows { numbers.append(isThere(row) ? decimal(row).number : .nan) }
    case .null, .text, .textView, .dictionary, .unreadable:
      numbers.append(contentsOf: repeatElement(.nan, count: rows.count))
    }
  }

  @inline(__always)
  private func append<Value: BitwiseCopyable>(
    _ rows: Range<Int>, to numbers: inout [Double], _ number: (Value) -> Double
  ) {
    guard !rows.isEmpty, let base = buffer(1) else { return }
    let size = MemoryLayout<Value>.size
    if !mayMiss {
      for row in rows {
        numbers.append(number(base.loadUnaligned(fromByteOffset: (first + row) * size, as: Value.self)))
      }
      return
    }
    for row in rows {
      numbers.append(
        isThere(row)
          ? number(base.loadUnaligned(fromByteOffset: (first + row) * size, as: Value.self)) : .nan)
    }
  }

  /// The integer in a row, of integers, dates, timestamps and indices.
  @inline(__always)
  func integer(_ row: Int, bytes: Int, isSigned: Bool) -> Int128 {
    let base = buffer(1)! + (first + row) * bytes
    return switch (bytes, isSigned) {
    case (1, true): Int128(base.loadUnaligned(as: Int8.self))
    case (1, false): Int128(base.loadUnaligned(as: UInt8.self))
    case (2, true): Int128(base.loadUnaligned(as: Int16.self))
    case (2, false): Int128(base.loadUnaligned(as: UInt16.self))
    case (4, true): Int128(base.loadUnaligned(as: Int32.self))
    case (4, false): Int128(base.loadUnaligned(as: UInt32.self))
    case (_, true): Int128(base.loadUnaligned(as: Int64.self))
    case (_, false): Int128(base.loadUnaligned(as: UInt64.self))
    }
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
