// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

/// Characters of bytes: `iconv -f LATIN1` and `iconv -f CP1252` of glibc 2.36.
@Suite struct EncodingTests {
  /// Müller and Möller in Latin 1.
  static let latin1: [UInt8] =
    Array("id,x\nM".utf8) + [0xFC] + Array("ller,1\nM".utf8) + [0xF6] + Array("ller,2\n".utf8)

  func read(
    _ bytes: [UInt8], _ change: (inout ReadingOptions) -> Void = { _ in }
  ) throws -> WholeTable {
    var options = ReadingOptions()
    change(&options)
    return try readTable([.bytes(bytes, name: "t.csv")], options)
  }

  @Test(arguments: [1, 7, 1 << 20])
  func `text that is no UTF-8 is refused with its place and the remedy`(chunkBytes: Int) {
    let expected = """
      t.csv, line 2: "M\u{FFFD}ller" in column "id" is not UTF-8 text. Name its encoding, \
      ReadingOptions.encoding = .latin1 or ReadingOptions.encoding = .windows1252, or convert it: iconv -f ENCODING -t UTF-8.
      """
    #expect(message { try read(Self.latin1) { $0.chunkBytes = chunkBytes } } == expected)
    #expect(message { try read(storedGzip(Self.latin1)) } == expected)
  }

  @Test func `labels of any length and place are looked at`() {
    let long = Array(String(repeating: "label ", count: 5).utf8)
    var text = Array("id,b\n".utf8) + long
    text += Array(",1\nok,\"".utf8) + long
    text += [0x93] + Array("\"\n".utf8)
    #expect(
      message { try read(text) }.hasPrefix(
        "t.csv, line 3: \"label label label label label \u{FFFD}\" in column \"b\""))
    #expect(!message { try read(text) }.contains("latin1"))  // 0x93 is a control there
  }

  @Test func `of two faults the first one is said`() {
    let text: [UInt8] = Array("id,b\na,1\nb\nM".utf8) + [0xFC] + Array(",2\n".utf8)
    #expect(message { try read(text) }.hasPrefix("t.csv, line 3: 1 field"))
    let other: [UInt8] = Array("id,b\na,1\nM".utf8) + [0xFC] + Array(",2\nb\n".utf8)
    #expect(message { try read(other) }.hasPrefix("t.csv, line 3: \"M\u{FFFD}\" in column"))
  }

  @Test func `names of columns are text too`() {
    let text: [UInt8] = Array("id,Gr".utf8) + [0xF6, 0xDF] + Array("e\n1,2\n".utf8)
    #expect(
      message { try read(text) }.hasPrefix(
        "t.csv, line 1: the column name \"Gr\u{FFFD}\u{FFFD}e\" is not UTF-8 text. Name its encoding"
      ))
    #expect(try! read(text) { $0.encoding = .latin1 }.header == ["id", "Größe"])
  }

  @Test func `columns that nobody asks for may hold any bytes`() throws {
    let reader = try TableReader([.bytes(Self.latin1, name: "t.csv")])
    var numbers: [Double] = []
    try reader.read(
      [ColumnRequest(name: "x", wantsNumbers: true, wantsLabels: false)],
      transform: { $0.columns[0].numbers }
    ) { numbers += $0 }
    #expect(numbers == [1, 2])
  }

  @Test(arguments: [1, 5, 1 << 20], [TextEncoding.latin1, .windows1252])
  func `other encodings are converted`(chunkBytes: Int, encoding: TextEncoding) throws {
    func change(_ options: inout ReadingOptions) {
      (options.chunkBytes, options.encoding) = (chunkBytes, encoding)
    }
    let rows = [["Müller", "1"], ["Möller", "2"]]
    #expect(try read(Self.latin1, change).rows == rows)
    #expect(try read(storedGzip(Self.latin1), change).rows == rows)
  }

  @Test func `letters that Windows has in place of controls`() throws {
    let text: [UInt8] = Array("a\n".utf8) + [0x80, 0x8A, 0x93, 0x9F, 0xE4, 10]
    #expect(try read(text) { $0.encoding = .windows1252 }.rows == [["€Š“Ÿä"]])
    #expect(try read(text) { $0.encoding = .latin1 }.rows == [["\u{80}\u{8A}\u{93}\u{9F}ä"]])
  }

  @Test func `a mark of UTF-8 is no part of the first name`() throws {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let table = mark + Array("é,b\nä,1\n".utf8)
    #expect(try read(table) == WholeTable(header: ["é", "b"], rows: [["ä", "1"]]))
    #expect(try read(storedGzip(table)).header == ["é", "b"])
    #expect(
      message { try read(table) { $0.encoding = .latin1 } }
        == "t.csv: begins with the mark of UTF-8 text. Leave ReadingOptions.encoding out.")
  }

  @Test func `UTF-16 is recognised, marked or not, whatever encoding is named`() {
    let text = "id,x\nä,1\n"
    let little = text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    let big = text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    for encoding in TextEncoding.allCases {
      let tables: [([UInt8], String)] = [
        ([0xFF, 0xFE] + little, "UTF-16"), ([0xFE, 0xFF] + big, "UTF-16"), (little, "UTF-16LE"),
        (big, "UTF-16BE"),
      ]
      for (bytes, name) in tables {
        #expect(
          message { try read(bytes) { $0.encoding = encoding } } == """
            t.csv: looks like UTF-16 text, not like CSV text. Convert it: iconv -f \(name) -t UTF-8.
            """)
      }
    }
  }

  @Test func `the first label that is no UTF-8 is found`() {
    var levels = LevelDictionary()
    for label in ["a", "ä", "longer than seven", "länger als sieben"] {
      _ = levels.code(for: label)
    }
    #expect(levels.firstMalformed == nil)
    let malformed: [[UInt8]] = [[0x61, 0xFC], Array("longer than seven".utf8) + [0xC3]]
    for bytes in malformed { _ = bytes.withUnsafeBytes { levels.code(for: $0) } }
    #expect(levels.firstMalformed == 4)
  }
}
