// SPDX-License-Identifier: GPL-2.0-or-later

/// The text in double quotes, shortened, control characters escaped.
package func inDoubleQuotes(_ text: String) -> String { "\"" + shortened(text) + "\"" }

/// The beginning of the text, control characters escaped.
func shortened(_ text: String) -> String {
  let limit = 40
  var result = ""
  for (n, scalar) in text.unicodeScalars.enumerated() {
    if n == limit { return result + "…" }
    switch scalar {
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case _ where scalar.isUnprintable:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// The text as one word of a shell command: bare if a name, otherwise in double quotes.
package func shellWord(_ text: String) -> String {
  let isWord =
    !text.isEmpty
    && text.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        || $0 == 95 || $0 == 46
    }
  return isWord ? text : inDoubleQuotes(text)
}
