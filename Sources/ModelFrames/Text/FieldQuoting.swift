// SPDX-License-Identifier: GPL-2.0-or-later

/// Text as a field of a table of separated values.
package enum FieldQuoting {
  /// `text` in double quotes if it would not stand for itself, with its own doubled (RFC 4180).
  ///
  /// Byte by byte: a quote with a combining mark is another Character but the same byte.
  package static func encoded(_ text: String, separator: UInt8 = UInt8(ascii: ",")) -> String {
    let quote = UInt8(ascii: "\"")
    let special = [separator, quote, 10, 13]
    guard text.utf8.contains(where: special.contains) else { return text }
    return quoted(text)
  }

  /// `text` in double quotes in any case.
  package static func quoted(_ text: String) -> String {
    var bytes = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
    return String(decoding: bytes, as: UTF8.self)
  }
}
