// SPDX-License-Identifier: GPL-2.0-or-later

/// Quotient rounded down, and what is left.
func floorDivision(_ a: Int, _ b: Int) -> (quotient: Int, rest: Int) {
  let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
  return rest < 0 ? (quotient - 1, rest + b) : (quotient, rest)
}

/// A day as ISO 8601 writes it, `2026-11-30`.
///
/// The Gregorian calendar is one of years that begin in March and hang together in eras of 400 (Richards
/// 2013, Explanatory Supplement to the Astronomical Almanac, §15.11).
///
/// - Parameter days: since 1970-01-01.
func dateText(days: Int) -> [UInt8] {
  let (era, day) = floorDivision(days + 719_468, 146_097)
  let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
  let dayOfYear = day - (365 * year + year / 4 - year / 100)
  let month = (5 * dayOfYear + 2) / 153
  let date = dayOfYear - (153 * month + 2) / 5 + 1
  let calendarMonth = month < 10 ? month + 3 : month - 9
  let calendarYear = era * 400 + year + (calendarMonth <= 2 ? 1 : 0)
  let sign = calendarYear < 0 ? "-" : ""
  return Array(
    "\(sign)\(digits(abs(calendarYear), 4))-\(digits(calendarMonth, 2))-\(digits(date, 2))".utf8)
}

/// A point in time as SQL writes it, `2026-11-30 10:06:53.25`.
///
/// - Parameter value: since 1970 began.
func timestampText(_ value: Int, unitsPerSecond: Int) -> [UInt8] {
  let (seconds, fraction) = floorDivision(value, unitsPerSecond)
  let (days, second) = floorDivision(seconds, 86_400)
  var text = dateText(days: days) + [UInt8(ascii: " ")]
  text += "\(digits(second / 3600, 2)):\(digits(second / 60 % 60, 2)):\(digits(second % 60, 2))".utf8
  if fraction > 0 {
    var decimals = Array(digits(fraction, String(unitsPerSecond).utf8.count - 1).utf8)
    while decimals.last == UInt8(ascii: "0") { decimals.removeLast() }
    text += [UInt8(ascii: ".")] + decimals
  }
  return text
}

private func digits(_ value: Int, _ count: Int) -> String {
  let text = String(value)
  return String(repeating: "0", count: max(count - text.utf8.count, 0)) + text
}
