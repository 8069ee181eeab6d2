// SPDX-License-Identifier: GPL-2.0-or-later

/// The field at `p` if it is a plain decimal like −12.5, whose digits make an integer up
/// to 2⁵³ and of which at most 22 follow the point: then digits / 10ᵏ is correctly rounded, for
/// both are exact (Clinger 1990).
///
/// `point` stands before the decimals. `end` is the separator or line feed after it, −1 if the field
/// is anything else.
@inline(__always)
func readShortDecimal(
  _ text: UnsafePointer<UInt8>, _ p: Int, _ separator: UInt8, point: UInt8
) -> (value: Double, end: Int) {
  let isNegative = text[p] == UInt8(ascii: "-")
  let first = isNegative ? p + 1 : p
  let (whole, wholeCount) = leadingDigits(text, first)
  let hasPoint = text[first + wholeCount] == point
  let (fraction, count) = leadingDigits(text, first + wholeCount + 1)
  let decimals = hasPoint ? count : 0
  if wholeCount == 8 || decimals == 8 { return readLongDecimal(text, p, separator, point: point) }
  let end = endOfNumber(text, hasPoint ? first + wholeCount + 1 + decimals : first + wholeCount)
  guard wholeCount + decimals > 0, text[end] == separator || text[end] == lineFeed
  else { return (0, -1) }
  let scale = powersOfTen(decimals)
  let value = (Double(whole) * scale + (hasPoint ? Double(fraction) : 0)) / scale
  return (isNegative ? -value : value, end)
}

/// The digits from `p` on, eight at most, as a number and how many they are.
@inline(__always)
private func leadingDigits(_ text: UnsafePointer<UInt8>, _ p: Int) -> (UInt64, Int) {
  let word = UInt64(
    littleEndian: UnsafeRawPointer(text).loadUnaligned(fromByteOffset: p, as: UInt64.self))
  let bytes = word ^ zeroDigits
  let beyond = beyondDigits(bytes)
  let count = beyond.trailingZeroBitCount &>> 3  // 8 if beyond is zero
  let shift = UInt64(truncatingIfNeeded: 4 &* (8 &- count))
  // In two steps, for a shift by 64 bits at once is none.
  return (numberOfEightDigits((bytes &<< shift) &<< shift), count)
}

/// Where a number ends, at `i` but for a carriage return.
@inline(__always)
private func endOfNumber(_ text: UnsafePointer<UInt8>, _ i: Int) -> Int {
  text[i] == carriageReturn && text[i + 1] == lineFeed ? i + 1 : i
}

/// The same for eight or more digits before or after the point.
@inline(never)
private func readLongDecimal(
  _ text: UnsafePointer<UInt8>, _ p: Int, _ separator: UInt8, point: UInt8
) -> (value: Double, end: Int) {
  var i = p
  let isNegative = text[i] == UInt8(ascii: "-")
  if isNegative { i += 1 }
  var digits: UInt64 = 0
  let first = i
  var digit = text[i] &- 48
  while digit < 10 {
    digits = digits &* 10 &+ UInt64(digit)
    i += 1
    digit = text[i] &- 48
  }
  var count = i - first  // of digits
  var decimals = 0
  if text[i] == point {
    i += 1
    let start = i
    digit = text[i] &- 48
    while digit < 10 {
      digits = digits &* 10 &+ UInt64(digit)
      i += 1
      digit = text[i] &- 48
    }
    decimals = i - start
    count += decimals
  }
  let end = endOfNumber(text, i)
  guard count < 20, digits <= 1 << 53, text[end] == separator || text[end] == lineFeed
  else { return (0, -1) }
  let value = decimals == 0 ? Double(digits) : Double(digits) / powersOfTen(decimals)
  return (isNegative ? -value : value, end)
}

/// 10ᵏ for k = 0…22, exact.
@inline(__always)
private func powersOfTen(_ k: Int) -> Double { powers[k] }

private let powers: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
  1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]
