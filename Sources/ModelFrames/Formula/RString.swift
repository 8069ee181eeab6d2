// SPDX-License-Identifier: GPL-2.0-or-later

/// R's way to write text in code.
enum RString {
  static func deparsed(_ text: String) -> String { quoted(text, by: "\"") }

  /// `text` between quotes, with the escapes of R's deparse.
  ///
  /// Text that would form one character with a quote, such as a lone accent, is escaped as well.
  static func quoted(_ text: String, by quote: Unicode.Scalar) -> String {
    let mark = String(quote)
    let result = mark + escaped(text, quote: quote, keepsUnicode: true) + mark
    let isSafe = result.first == Character(quote) && result.last == Character(quote)
    if isSafe { return result }
    return mark + escaped(text, quote: quote, keepsUnicode: false) + mark
  }

  private static func escaped(
    _ text: String, quote: Unicode.Scalar, keepsUnicode: Bool
  ) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case quote, "\\": result += "\\" + String(scalar)
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case "\u{7}": result += "\\a"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case "\u{B}": result += "\\v"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          let octal = String(scalar.value, radix: 8)
          result += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
        } else if !keepsUnicode, !scalar.isASCII {
          let digits = String(scalar.value, radix: 16)
          result += (scalar.value > 0xFFFF ? "\\U{" : "\\u{") + digits + "}"
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }
}
