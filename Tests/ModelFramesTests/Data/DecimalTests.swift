// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

/// Values as `read.table(…, dec = ",")` of R 4.2.2 reads them, unless a test says otherwise.
@Suite struct DecimalTests {
  func comma(_ options: inout ReadingOptions) { options.decimalComma = true }

  @Test(arguments: [
    ("0,25", 0.25), ("1", 1), ("-12,5", -12.5), (",5", 0.5), ("5,", 5), ("1,5e3", 1500),
    ("+0,5", 0.5),
    ("12345678,12345678", 12_345_678.12345678), ("\"1,5\"", 1.5), (" 1,5 ", 1.5), ("1e2", 100),
  ])
  func `decimals after a comma`(text: String, value: Double) throws {
    for separator in [";", "\t", "|"] {
      let table = "a\(separator)b\(separator)c\n1\(separator)\(text)\(separator)2,5\n"
      #expect(try readNumbers("b", table, comma) == [value])
      #expect(try readNumbers("c", table, comma) == [2.5])
    }
  }

  /// A point would separate thousands, or be a table of two minds.
  @Test(arguments: ["1.5", "1.234,5", "1,2,3"])
  func `points are no decimals then`(text: String) {
    #expect(
      message { try readNumbers("b", "a;b\n1;\(text)\n", comma) }
        .hasPrefix("t.csv, line 2: \"\(text)\" in numeric column \"b\""))
  }

  @Test func `commas separate fields where nothing else does`() throws {
    let table = "a,b\n\"1,5\",\"2,5\"\n3,4\n"
    #expect(try readNumbers("a", table, comma) == [1.5, 3])
    #expect(try readNumbers("b", table, comma) == [2.5, 4])
  }

  @Test func `numbers as labels have points, and texts stay what they are`() throws {
    let table = try readTable("a;b\n0,5;x,y\n1,5;1.5\n", comma)
    #expect(table.rows == [["0.5", "x,y"], ["1.5", "1.5"]])
  }

  @Test(arguments: ["-99", "-99.0", " -99 ", "-9.9e1", "\"-99\"", "-099"])
  func `a missing number is known by its value`(text: String) throws {
    func missing(_ options: inout ReadingOptions) { options.missingTexts = ["-99"] }
    let values = try readNumbers("b", "b\n\(text)\n-9\n99\n-99.5\n", missing)
    #expect(values.map { $0.isNaN } == [true, false, false, false])
    // As levels of a column of numbers, too, and not in one of texts.
    #expect(try readTable("b\n\(text)\n-9\n", missing).rows == [[nil], ["-9"]])
    #expect(try readTable("b\n-99.0\nx\ny\n", missing).rows == [["-99.0"], ["x"], ["y"]])
  }

  @Test(arguments: [
    ("99", ["99", "99.0", "099", "+99", "9.9e1", "0.99e2", " 99"]),
    ("0", ["0", "0.0", "-0", ".0", "+0"]),
    ("0.5", [".5", "0.50", "5e-1", "+.5"]),
  ])
  func `however it is written`(missing: String, texts: [String]) throws {
    for text in texts {
      let values = try readNumbers("b", "b\n\(text)\n7\n") { $0.missingTexts = [missing] }
      #expect(values[0].isNaN && values[1] == 7, "\(text)")
    }
  }

  @Test func `missing texts that no column has are known`() throws {
    var options = ReadingOptions()
    options.missingTexts = ["-99", "?", "x", "1.5"]
    options.chunkBytes = 8
    let text = "a,b,c\n1,?,x\n-99.0,2,3\n" + String(repeating: "1,2,3\n", count: 20)
    let reader = try TableReader([.bytes(Array(text.utf8), name: "t.csv")], options: options)
    let requests = ["a", "b"].map {
      ColumnRequest(name: $0, wantsNumbers: true, wantsLabels: false)
    }
    try reader.read(requests, transform: { $0.rowCount }) { _ in }
    #expect(reader.unmatchedMissingTexts == ["1.5", "x"])
  }

  @Test func `the first text of a column is found`() throws {
    let text = "a,b\n1,NA\n2,2\n3,n/a\n4,x\n"
    let reader = try TableReader([.bytes(Array(text.utf8), name: "t.csv")])
    let first = reader.firstText(in: "b")
    #expect(first?.label == "n/a" && first?.place.file == "t.csv" && first?.place.line == 4)
    #expect(reader.firstText(in: "a") == nil)
  }

  @Test func `why a column of numbers may have been taken for texts`() {
    func reason(_ labels: [String]) -> String? {
      var levels = LevelDictionary()
      for label in labels { _ = levels.code(for: label) }
      return NumbersAmongTexts(levels).map { "\($0.reason): \(levels.label($0.text))" }
    }
    #expect(reason(["1", "0,25", "2"]) == "decimalCommas: 0,25")
    #expect(reason(["0,25", "NULL", "0,5"]) == "decimalCommas: 0,25")
    #expect(reason(["1", "2", "NULL"]) == "missingWords: NULL")
    #expect(reason([".", "2.5"]) == "missingWords: .")
    #expect(reason(["1", "TRUE"]) == "logicals: TRUE")
    #expect(reason(["1", "2", "3", "4 kg"]) == "texts: 4 kg")
    for labels in [
      ["a", "b"], ["1", "2"], ["TRUE", "FALSE"], ["NULL", "a"], ["-", "?"], ["1", "control"],
      ["1,2", "1,2,3", "2"], ["1", "2", "a", "b"],
    ] { #expect(reason(labels) == nil, "\(labels)") }
  }
}
