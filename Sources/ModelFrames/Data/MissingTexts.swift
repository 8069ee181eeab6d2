// SPDX-License-Identifier: GPL-2.0-or-later

/// The texts that mean "missing": the empty field, `NA`, `NaN`, and what the user names.
struct MissingTexts: Sendable {
  private let others: [[UInt8]]  // without surrounding blanks
  /// 256 flags: a field that begins with this byte may be one of the user's missing texts.
  let begins: [Bool]

  init(_ texts: Set<String>) {
    others = texts.map { text in
      Array(text.utf8).withUnsafeBufferPointer { bytes in
        let (first, last) = trimmed(bytes)
        return Array(bytes[first..<last])
      }
    }
    .filter { !$0.isEmpty }
    var begins = [Bool](repeating: false, count: 256)
    for text in others { begins[Int(text[0])] = true }
    self.begins = begins
  }

  /// Whether the field is missing.
  ///
  /// Surrounding blanks do not count.
  @inline(__always)
  func contains(_ field: UnsafeBufferPointer<UInt8>) -> Bool {
    if field.isEmpty { return true }
    let byte = field[0]
    if byte != UInt8(ascii: "N"), !isBlank(byte), !begins[Int(byte)] { return false }
    return containsTrimmed(field)
  }

  @inline(never)
  private func containsTrimmed(_ field: UnsafeBufferPointer<UInt8>) -> Bool {
    let (first, last) = trimmed(field)
    let text = UnsafeBufferPointer(rebasing: field[first..<last])
    return text.isEmpty || text.elementsEqual("NA".utf8) || text.elementsEqual("NaN".utf8)
      || others.contains { text.elementsEqual($0) }
  }
}

/// TRUE, T and true are 1, FALSE, F and false are 0, all else is nil.
///
/// Surrounding blanks do not count.
func readLogical(_ field: UnsafeBufferPointer<UInt8>) -> Bool? {
  let (first, last) = trimmed(field)
  switch last - first {
  case 1:
    if field[first] == UInt8(ascii: "T") { return true }
    if field[first] == UInt8(ascii: "F") { return false }
  case 4:
    let text = field[first..<last]
    if text.elementsEqual("TRUE".utf8) || text.elementsEqual("true".utf8) { return true }
  case 5:
    let text = field[first..<last]
    if text.elementsEqual("FALSE".utf8) || text.elementsEqual("false".utf8) { return false }
  default: break
  }
  return nil
}
