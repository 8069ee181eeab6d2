// SPDX-License-Identifier: GPL-2.0-or-later
import CNumberParsing

/// What a field's text is when read as a number.
package enum NumberText: Equatable {
  case number(Double)
  case notANumber  // NaN in any case, with or without sign: a missing value
  case infinite  // Inf, infinity, or a magnitude beyond the largest double
  case text
}

/// Reads a number as R's `read.csv` does, correctly rounded: sign, `5.`, `.5`, `1e5`, `0x1A`,
/// `0x1p-3`.
///
/// Surrounding blanks do not matter. Unlike R, an `e` without digits is not a number.
package func readNumber(_ field: UnsafeBufferPointer<UInt8>) -> NumberText {
  let (whole, last) = trimmed(field)  // whole..<last without blanks
  var first = whole  // after the sign
  if first < last, field[first] == UInt8(ascii: "+") || field[first] == UInt8(ascii: "-") {
    first += 1
  }
  guard first < last else { return .text }
  if lowercase(field[first]) > UInt8(ascii: "9") { return readName(field[first..<last]) }
  if last - first > 2, field[first] == UInt8(ascii: "0"),
    lowercase(field[first + 1]) == UInt8(ascii: "x")
  {
    return readHexadecimal(field[whole..<last], digits: first + 2)
  }
  guard isDecimal(field[first..<last]) else { return .text }
  if field[whole] == UInt8(ascii: "-") { first = whole }  // from_chars knows no plus sign
  var value = 0.0
  field.withMemoryRebound(to: CChar.self) { characters in
    let base = characters.baseAddress!
    _ = parse_decimal(base + first, base + last, &value)
  }
  return value.isFinite ? .number(value) : .infinite
}

/// The same with `decimal` in place of the point, which then is no part of a number.
func readNumber(_ field: UnsafeBufferPointer<UInt8>, decimal: UInt8) -> NumberText {
  if decimal == decimalPoint { return readNumber(field) }
  return withPoints(field, decimal: decimal).withUnsafeBufferPointer { readNumber($0) }
}

let decimalPoint = UInt8(ascii: ".")
let decimalComma = UInt8(ascii: ",")

/// Commas become points, and points, which separate thousands if anything, what is no number.
func withPoints(_ field: UnsafeBufferPointer<UInt8>, decimal: UInt8) -> [UInt8] {
  field.map { $0 == decimal ? decimalPoint : $0 == decimalPoint ? decimal : $0 }
}

/// Bounds of the field without blanks and tabs around it.
@inline(__always)
func trimmed(_ field: UnsafeBufferPointer<UInt8>) -> (Int, Int) {
  var (first, last) = (0, field.count)
  while first < last, isBlank(field[first]) { first += 1 }
  while first < last, isBlank(field[last - 1]) { last -= 1 }
  return (first, last)
}

@inline(__always)
func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

@inline(__always)
func lowercase(_ byte: UInt8) -> UInt8 { byte | 0x20 }

private func readName(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> NumberText {
  let lower = text.count <= 8 ? text.map(lowercase) : []
  if lower.elementsEqual("nan".utf8) { return .notANumber }
  return lower.elementsEqual("inf".utf8) || lower.elementsEqual("infinity".utf8)
    ? .infinite : .text
}

/// Whether the text is like `12.5e-3`: the fraction and the exponent may be absent, and one digit
/// before the exponent is enough.
private func isDecimal(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
  var rest = text
  var digits = skipDigits(&rest)
  if rest.first == UInt8(ascii: ".") {
    rest.removeFirst()
    digits += skipDigits(&rest)
  }
  if digits == 0 { return false }
  guard let e = rest.first else { return true }
  if lowercase(e) != UInt8(ascii: "e") { return false }
  rest.removeFirst()
  if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
  return skipDigits(&rest) > 0 && rest.isEmpty
}

private func skipDigits(_ rest: inout Slice<UnsafeBufferPointer<UInt8>>) -> Int {
  let end = rest.firstIndex { $0 < 48 || $0 > 57 } ?? rest.endIndex
  defer { rest = rest[end...] }
  return end - rest.startIndex
}

private func readHexadecimal(
  _ text: Slice<UnsafeBufferPointer<UInt8>>, digits: Int
) -> NumberText {
  guard lowercase(text[digits]) != UInt8(ascii: "p"),
    let value = Double(String(decoding: text, as: UTF8.self))
  else { return .text }
  return value.isFinite ? .number(value) : .infinite
}
