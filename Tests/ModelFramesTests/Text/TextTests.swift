// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct TextTests {
  @Test(arguments: [
    ("\u{1B}[31m", "\\u{1B}[31m"), ("a\nb\tc\r", "a\\nb\\tc\\r"), ("\u{7F}\u{9B}", "\\u{7F}\\u{009B}"),
    ("\r\n", "\\r\\n"), ("a\u{202E}b\u{2066}", "a\\u{202E}b\\u{2066}"), ("\u{2028}", "\\u{2028}"),
    ("größe σ̂ 数 ' \" \\", "größe σ̂ 数 ' \" \\"), ("👩‍👩‍👧 क्‍ष", "👩‍👩‍👧 क्‍ष"),
  ])
  func `what steers a terminal or reorders text is shown as an escape`(
    _ text: String, _ shown: String
  ) {
    #expect(printableText(text).unicodeScalars.elementsEqual(shown.unicodeScalars))
  }

  @Test func `long text is cut, also that of a few Characters with many marks`() {
    #expect(printableText("abcdef", limit: 3) == "abc…")
    #expect(printableText("abc", limit: 3) == "abc")
    let marks = "a" + String(repeating: "\u{301}", count: 100_000)
    #expect(printableText("x" + marks, limit: 10) == "x…")
  }

  @Test(arguments: [
    ("a", "a"), ("a,b", "\"a,b\""), ("\"\u{301}", "\"\"\"\u{301}\""), ("\r\n", "\"\r\n\""),
    ("a;b", "a;b"), (",\u{301}", "\",\u{301}\""), ("\u{D4E}\"", "\"\u{D4E}\"\"\""),
  ])
  func `fields are quoted by their bytes`(_ text: String, _ field: String) {
    #expect(FieldQuoting.encoded(text).utf8.elementsEqual(field.utf8))
  }

  @Test func `messages show and cut what is put into them`() {
    let label = "a\u{1B}\n" + String(repeating: "x", count: 100_000)
    let message: MessageText = "no level “\(label)” in \(3) columns"
    #expect(message.description.hasPrefix("no level “a\\u{1B}\\nxxx"))
    #expect(message.description.hasSuffix("…” in 3 columns") && message.description.count < 300)
  }

  @Test func `levels are as many as R has, however Unicode compares them`() {
    var dictionary = LevelDictionary()
    for label in ["é", "K", "e\u{301}", "\u{212A}"] { _ = dictionary.code(for: label) }
    #expect(sortedLevels(dictionary).ranks == [2, 0, 1, 3])
  }
}
