// SPDX-License-Identifier: GPL-2.0-or-later

/// R's way to write text in code.
enum RString {
  static func deparsed(_ text: String) -> String { quoted(text, by: "\"") }

  /// `text` between quotes, with the escapes of R's deparse.
  ///
  /// Text is escaped as well where a quote or backslash would form one character with what follows,
  /// such as a lone accent, and where something that is no quote equals one by Unicode's rules, so
  /// that what was written is always read as it was.
  static func quoted(_ text: String, by quote: Unicode.Scalar) -> String {
    let mark = String(quote)
    let result = mark + escaped(text, quote: quote, keepsUnicode: true) + mark
    if isSafe(result, quote) { return result }
    return mark + escaped(text, quote: quote, keepsUnicode: false) + mark
  }

  private static func isSafe(_ text: String, _ quote: Unicode.Scalar) -> Bool {
    text.allSatisfy { character in
      let scalars = character.unicodeScalars
      let isSpecial = scalars.contains { $0 == quote || $0 == "\\" }
      return isSpecial ? scalars.count == 1 : character != Character(quote)
    }
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
