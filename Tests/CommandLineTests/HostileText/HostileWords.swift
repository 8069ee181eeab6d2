// SPDX-License-Identifier: GPL-2.0-or-later
import TestSupport


/// Text that means something to a shell, to gnuplot, to formulas, to CSV, XML or JSON, or to a
/// terminal, put together by chance.
struct HostileWords {
  private var random: SplitMix64

  init(seed: Int) {
    let state = UInt64(truncatingIfNeeded: seed) &* 0xD134_2543_DE82_EF95
    random = SplitMix64(seed: state ^ (state >> 29))
  }

  /// Commands that would leave a file of this name in the working directory.
  static let canary = "canary"

  private static let mark = "\u{301}"
  private static let pieces: [String] = [
    // Commands, as gnuplot, a shell and popen would run them.
    "`>canary1`", "$(>canary2)", "|>canary3", "<touch canary4", "system('>canary5')", "!>canary6",
    // Ends of quotes, alone and as parts of longer Characters.
    "'", "'" + mark, "\"", "\"" + mark, "`", "`" + mark, "\\", "''", "\u{D4E}'", "\u{D4E}\"",
    // Macros, formats, markup and comments.
    "@x", "%", "%g", "5%g", "50%", "%s%n", "#", "{/=99 x}", "^", "_", "]]>", "]]>" + mark, "<b>",
    "&amp;", "<!--",
    // Ends of lines and of fields.
    "\n", "\r\n", "\r", "\t", ",", ";", "\nEOD\n",
    // Control characters, marks of direction, noncharacters.
    "\u{1B}[31m", "\u{1B}]0;t\u{7}", "\u{9B}1m", "\u{7F}", "\u{202E}", "\u{2066}", "\u{200F}",
    "\u{2028}", "\u{FEFF}", "\u{FFFE}",
    // Equal by Unicode's rules, different in bytes.
    "é", "e\u{301}", "K", "\u{212A}", "\u{37E}", "\u{1FEF}",
    // Formulas.
    "~", "(", ")", ":", "*", "+", "|", "=",
    // Plain, long and wide ones.
    "a", "b7", " ", "größe", "数", "👩‍👩‍👧", String(repeating: "x", count: 60),
    String(repeating: mark, count: 40),
  ]

  mutating func next(_ count: Int) -> Int { random.below(count) }

  mutating func word(pieces most: Int) -> String {
    (0...next(most)).map { _ in Self.pieces[next(Self.pieces.count)] }.joined()
  }

  /// Words of which no two are equal by Unicode's rules, and which keep their ends where blanks are
  /// taken off.
  mutating func names(_ count: Int) -> [String] {
    var names: [String] = []
    while names.count < count {
      let name = word(pieces: 3)
      let ends = [name.unicodeScalars.first!, name.unicodeScalars.last!]
      let isWhole = ends.allSatisfy { !$0.properties.isWhitespace && $0 != "\u{FEFF}" }
      if isWhole, !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// Words of which no two have the same bytes; blanks alone are a missing value.
  mutating func labels(_ count: Int) -> [String] {
    var labels = ["a'\u{301}`>canary1`", "50%", "é", "e\u{301}"]
    while labels.count < count {
      let label = word(pieces: 4)
      let isBlank = label.unicodeScalars.allSatisfy { $0.properties.isWhitespace }
      let isKnown = labels.contains { $0.utf8.elementsEqual(label.utf8) }
      if !isBlank, !isKnown { labels.append(label) }
    }
    return labels
  }
}

/// `text` as a name in a formula: every scalar that is no letter of ASCII as an escape.
func backquoted(_ text: String) -> String {
  var result = "`"
  for scalar in text.unicodeScalars {
    let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.isEmoji)
    let isLetter = isPlain && scalar != "#" && scalar != "*"
    result += isLetter ? String(scalar) : "\\U{\(String(scalar.value, radix: 16))}"
  }
  return result + "`"
}

/// `text` as a field of CSV.
func quotedField(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    if scalar == "\"" { result.unicodeScalars.append(scalar) }
    result.unicodeScalars.append(scalar)
  }
  return result + "\""
}

/// The records of CSV by RFC 4180, or nil if it is none.
func csvRecords(_ text: String) -> [[String]]? {
  var records: [[String]] = []
  var (record, field): ([String], String.UnicodeScalarView) = ([], .init())
  var (isQuoted, isClosed) = (false, false)
  var scalars = Array(text.unicodeScalars)[...]
  while let scalar = scalars.popFirst() {
    if isQuoted {
      if scalar != "\"" {
        field.append(scalar)
      } else if scalars.first == "\"" {
        field.append(scalars.removeFirst())
      } else {
        (isQuoted, isClosed) = (false, true)
      }
    } else if scalar == "," || scalar == "\n" {
      record.append(String(field))
      (field, isClosed) = (.init(), false)
      if scalar == "\n" {
        records.append(record)
        record = []
      }
    } else if scalar == "\"", field.isEmpty, !isClosed {
      isQuoted = true
    } else if isClosed || scalar == "\"" || scalar == "\r" {
      return nil
    } else {
      field.append(scalar)
    }
  }
  let isWhole = !isQuoted && record.isEmpty && field.isEmpty
  return isWhole && Set(records.map(\.count)).count <= 1 ? records : nil
}
