// SPDX-License-Identifier: GPL-2.0-or-later

/// The field at `p` if it is a plain decimal like −12.5, whose digits make an integer up
/// to 2⁵³ and of which at most 22 follow the point: then digits / 10ᵏ is correctly rounded, for
/// both are exact (Clinger 1990).
///
/// `end` is the separator or line feed after it, −1 if the field is anything else.
@inline(__always)
func readShortDecimal(
  _ text: UnsafePointer<UInt8>, _ p: Int, _ separator: UInt8
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
  if text[i] == UInt8(ascii: ".") {
    i += 1
    let point = i
    digit = text[i] &- 48
    while digit < 10 {
      digits = digits &* 10 &+ UInt64(digit)
      i += 1
      digit = text[i] &- 48
    }
    decimals = i - point
    count += decimals
  }
  let end = text[i] == carriageReturn && text[i + 1] == lineFeed ? i + 1 : i
  guard count > 0, count < 20, digits <= 1 << 53, text[end] == separator || text[end] == lineFeed
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
