// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import TestSupport
import Testing

@Suite struct NumberTests {
  static let texts: [(String, Double)] = [
    ("1", 1), ("-1", -1), ("+1.5", 1.5), (".5", 0.5), ("5.", 5), ("-.5", -0.5), ("1e5", 1e5),
    ("1E-3", 1e-3), ("+1e+2", 100), ("  7\t", 7), ("\"8\"", 8), ("\" 9 \"", 9), ("0x1A", 26),
    ("-0x10", -16), ("0x1p-3", 0.125), ("0.1", 0.1), ("0.30000000000000004", 0.1 + 0.2),
    ("9007199254740993", 9_007_199_254_740_992), ("123456789012345678", 123_456_789_012_345_680),
    ("18446744073709551617", 0x1p64), ("1e-400", 0), ("4.9e-324", 0x1p-1074),
    ("0.000000000000000000000001", 1e-24),
    ("1.7976931348623157e308", .greatestFiniteMagnitude), ("000000000000000000000000012", 12),
    ("8.5", 8.5), ("179769313486231570000000000000000000000", 1.7976931348623157e38),
  ]

  @Test(arguments: texts) func `numbers are read as R reads them`(text: String, value: Double)
    throws
  {
    #expect(try readNumbers("b", "a,b,c\n1,\(text),1\n") == [value])
    #expect(try readNumbers("b", "a;b\r\n1;\(text)\r\n") == [value])
    #expect(try readNumbers("b", "b\n\(text)") == [value])
  }

  @Test(arguments: ["", "NA", "NaN", "\"NA\"", " NA ", "nan", "\"\"", "-nan"])
  func `missing numbers are NaN`(text: String) throws {
    let values = try readNumbers("b", "a,b\n1,2\n1,\(text)\n1,3\n")
    #expect(values.count == 3 && values[1].isNaN && values[2] == 3)
  }

  @Test func `missing texts may look like numbers`() throws {
    let values = try readNumbers("b", "b\n-99\n-9\n9\n\"-99\"\n-99.0\n") {
      $0.missingTexts = ["-99"]
    }
    #expect(values.map { $0.isNaN } == [true, false, false, true, true])
  }

  @Test(arguments: [
    "x", "1x", "1e", "1e+", "--1", "+-1", "1.2.3", ".", "-", "+", "0x", "0xg", "1_000", "1 2",
    "e5", "1L", "NULL", "Ｎ", "0x.p1",
  ])
  func `text in a numeric column is an error`(text: String) {
    #expect(
      message { try readNumbers("b", "a,b\n1,2\n1,\(text)\n1,2") }
        .hasPrefix("t.csv, line 3: \"\(text)\" in numeric column \"b\". If it means missing"))
  }

  @Test(arguments: ["Inf", "-Inf", "inf", "infinity", "1e999", "-1e999", "0x1p99999"])
  func `infinite numbers are an error`(text: String) {
    #expect(
      message { try readNumbers("b", "b\n1\n\(text)\n") } == """
        t.csv, line 3: \(text) in column "b" is not finite. Remove the row or write NA.
        """)
  }

  @Test func `random decimals are correctly rounded`() throws {
    var generator = SplitMix64(seed: 1)
    var texts: [String] = []
    for _ in 0..<20_000 {
      var text = ["", "-", "+"].randomElement(using: &generator)!
      for _ in 0..<Int.random(in: 0...12, using: &generator) {
        text += String(Int.random(in: 0...9, using: &generator))
      }
      text += "."
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        text += String(Int.random(in: 0...9, using: &generator))
      }
      if Bool.random(using: &generator) {
        text += "e\(Int.random(in: -300...290, using: &generator))"
      }
      texts.append(text)
    }
    let values = try readNumbers("b", "b\n" + texts.joined(separator: "\n"))
    #expect(values == texts.map { Double($0)! })
  }

  @Test func `logical columns are 1 and 0`() throws {
    let twenty = String(repeating: "T\nF\n", count: 20)  // more than the first chunk
    #expect(try readNumbers("b", "b\nTRUE\nF\ntrue\nfalse\nT\nFALSE\n") == [1, 0, 1, 0, 1, 0])
    #expect(
      message { try readNumbers("b", "b\n\(twenty)M\n") { $0.chunkBytes = 64 } } == """
        t.csv, line 42: "M" in logical column "b". If it means missing, add ReadingOptions.missingTexts = ["M"]; \
        if the column is categorical, add ReadingOptions.categoricalColumns = ["b"].
        """)
  }

  @Test func `kinds come from the first chunk`() throws {
    let text = "n,m,l,c,e,f,h\n1,1,T,x,NA,1,1\n2,x,F,1,,2,x\n3,2,true,y,NaN,3,y\n,NA,NA,,,4,\n"
    var options = ReadingOptions()
    options.categoricalColumns = ["f"]
    let reader = try TableReader([.bytes(Array(text.utf8), name: "t.csv")], options: options)
    let kinds = try reader.header.map { try reader.kind(of: $0) }
    #expect(
      kinds == [.numeric, .numeric, .logical, .categorical, .empty, .categorical, .categorical])
  }
}
