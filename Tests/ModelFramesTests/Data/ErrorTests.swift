// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct ErrorTests {
  @Test(arguments: [
    ("", "t.csv: is empty. A header line with the names of the columns is needed."),
    ("\u{feff}\n\r\n", "t.csv: is empty. A header line with the names of the columns is needed."),
    ("a,b\n", "t.csv: has a header, but no rows. Check that the table was exported whole."),
    ("a,b\n\n \r\n", "t.csv: has a header, but no rows. Check that the table was exported whole."),
    ("a,b", "t.csv: has a header, but no rows. Check that the table was exported whole."),
    (
      "a,b, a \n1,2,3\n",
      "t.csv, line 1: two columns are named \"a\". Rename one of them."
    ),
    (
      "\n\"x\ny\",b\n1,2\n3\n",
      "t.csv, line 5: 1 field, but the header has 2. "
        + "Quote fields that hold the separator, and fill up short rows."
    ),
    (
      "a,b\r\n1,2\r\n\r\n3,4,\"5\n\",6\r\n",
      "t.csv, line 4: 4 fields, but the header has 2. "
        + "Quote fields that hold the separator, and fill up short rows."
    ),
    (
      "a,b\n1,2,3\n",
      "t.csv, line 2: 3 fields, but the header has 2. Quote fields that hold the separator; "
        + "if the first column holds row names, name it in the header."
    ),
    (
      "a,b\n\"1\n\"x,2\n",
      "t.csv, line 2: text follows the closing quote of a field. "
        + "Double a quote that belongs to the field's text."
    ),
    (
      "a,b\n1,2\n3,\"4\n5,6\n7,8",
      "t.csv, line 3: the quote that opens here is never closed. "
        + "Close it, or double a quote that belongs to the text."
    ),
    (
      "a\"\"b,\"c\n1,2\n",
      "t.csv, line 1: the quote that opens here is never closed. "
        + "Close it, or double a quote that belongs to the text."
    ),
    (
      "a,\"b\"c\n1,2\n",
      "t.csv, line 1: text follows the closing quote of a field. "
        + "Double a quote that belongs to the field's text."
    ),
    (
      "a,b\r1,2\r3,4\r",
      "t.csv: lines end in a carriage return alone. Convert it with: tr '\\r' '\\n'."
    ),
    (
      "a,b\n1,2\n3,\0\n",
      "t.csv, line 3: holds a zero byte, so it is no text. Export the table as UTF-8 CSV."
    ),
    (
      "a\0,b\n",
      "t.csv, line 1: holds a zero byte, so it is no text. Export the table as UTF-8 CSV."
    ),
  ])
  func `bad tables`(text: String, expected: String) {
    #expect(message { try readTable(text) } == expected)
    #expect(message { try readTable(text) { $0.chunkBytes = 3 } } == expected)
    #expect(
      message {
        try readTable([.bytes(storedGzip(Array(text.utf8)), name: "t.csv")])
      } == expected)
  }

  @Test func `values that do not fit`() {
    #expect(
      message { try readNumbers("Reaction", "Reaction\n1\nn/a\n") } == """
        t.csv, line 3: "n/a" in numeric column "Reaction". If it means missing, \
        add ReadingOptions.missingTexts = ["n/a"]; if the column is categorical, add ReadingOptions.categoricalColumns = ["Reaction"].
        """)
    #expect(
      message { try readNumbers("my y", "n;my y\n1;2\n2;1,5\n") } == """
        t.csv, line 3: "1,5" in numeric column "my y". \
        Read decimals with a comma: ReadingOptions.decimalComma = true; if the column is categorical, add \
        ReadingOptions.categoricalColumns = ["my y"].
        """)
    let long = String(repeating: "x", count: 1000) + "\t\u{1b}"
    #expect(
      message { try readNumbers("y", "y\n1\n\"\(long)\"\n") }
        .hasPrefix("t.csv, line 3: \"\(String(repeating: "x", count: 40))…\" in numeric"))
    #expect(
      message { try readNumbers("y", "y\n1\na\u{1b}\tb\n") }
        .contains("\"a\\u{1b}\\tb\" in numeric"))
  }

  @Test func `unknown columns`() {
    #expect(
      message { try readNumbers("day", "Days,Reaction\n1,2\n") }
        == "t.csv: no column \"day\". Did you mean \"Days\"?")
    #expect(
      message { try readNumbers("z", "Days,Reaction\n1,2\n") }
        == "t.csv: no column \"z\". The columns are Days, Reaction.")
    #expect(message { try readNumbers("z", "a b c\n1 2 3\n") }.contains("The only column"))
    #expect(message { try readNumbers("", ",b\n1,2\n") }.contains("no column \"\""))
    #expect(
      message {
        try readTable([
          .bytes(Array("a,b\n1,2\n".utf8), name: "1.csv"),
          .bytes(Array("a,c\n1,2\n".utf8), name: "2.csv"),
        ])
      } == "2.csv: no column \"b\". The columns are a, c.")
  }

  @Test func `lines before the header are said`() {
    func missing(_ text: String) -> String { message { try readNumbers("y", text) } }
    #expect(
      missing("# exported 2024\nx,y\n1,2\n") == """
        t.csv: no column "y". The header line, "# exported 2024", looks like a comment; \
        take it out: tail -n +2 FILE.
        """)
    #expect(message { try readNumbers("weight", "#x,y\n1,2\n") }.contains("looks like a comment"))
    #expect(missing("My study\nx,y\n1,2\n").contains("if the line is a title, take it out"))
    #expect(missing("x y\n1 2\n").contains(#"add ReadingOptions.separator = UInt8(ascii: " ")"#))
    #expect(
      message { try readTable("title\na,b\n1,2\n") }
        .contains("2 fields, but the header has 1. If line 1 is a title or a comment"))
  }

  @Test func `names of rows without a name of their own`() throws {
    let reader = try TableReader([.bytes(Array("x,y\n1,2,3\n2,3,4\n".utf8), name: "t.csv")])
    #expect(
      message { try reader.kind(of: "y") } == """
        t.csv, line 2: 3 fields, but the header has 2. Quote fields that hold the separator; \
        if the first column holds row names, name it in the header.
        """)
    #expect(
      message { try readTable("\"x\" \"y\"\n\"1\" 2 3\n") } == """
        t.csv, line 1: the names of the columns are separated by blanks. Add ReadingOptions.separator = UInt8(ascii: " "), \
        after tr -s ' ' if there are several; if rows begin with their names, name that column \
        in the header.
        """)
  }

  @Test func `a line that names the separator is followed`() throws {
    for text in ["sep=;\na;b\n1,5;2\n", "SEP=;\r\na;b\r\n1,5;2\r\n", "\"sep=;\"\na;b\n1,5;2\n"] {
      #expect(try readTable(text).rows == [["1,5", "2"]])
    }
    #expect(try readTable("sep=!\na!b\n1!2\n").rows == [["1", "2"]])
    #expect(
      message { try readTable("sep=,\n") }
        == "t.csv: is empty. A header line with the names of the columns is needed.")
    #expect(
      message { try readNumbers("a", "sep=,\na,b\n1,2\nx,3\n") }.hasPrefix("t.csv, line 4: \"x\""))
  }

  @Test func `files that cannot be read`() {
    #expect(
      message { try readTable([.file("/no/such/file.csv")]) }
        == "/no/such/file.csv: no such file. Check the name and the working directory.")
    #expect(
      message { try readTable([.file("/tmp")]) }
        == "/tmp: is a directory, not a file. Name the files in it.")
    #expect(message { try readTable([.file("/dev/null")]) }.hasPrefix("/dev/null: is empty."))
    #expect(
      message { try readTable([.bytes(Array("a\n1\n".utf8), name: "1"), .file("/no/2.csv")]) }
        .hasPrefix("/no/2.csv: no such file."))
    #expect(
      message { try readTable([.standardInput, .standardInput]) }.hasPrefix("standard input: named")
    )
    #expect(
      message { try readTable("a\n1\n") { $0.separator = 46 } }.hasPrefix("\".\" cannot separate"))
  }

  @Test(
    arguments: [
      ([0xff, 0xfe, 0x61, 0], "UTF-16"), (Array("PK\u{3}\u{4}abc".utf8), "Excel"),
      ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "xz"), ([0x28, 0xb5, 0x2f, 0xfd, 9], "zstd"),
      (Array("BZh91AY&SYxx".utf8), "bzip2"), (Array("PAR1\u{15}".utf8), "Parquet"),
      ([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10], "HDF5"), (Array("X\n\0\0\0".utf8), "RDS"),
      (Array("<!DOCTYPE html>".utf8), "web page"),
    ] as [([UInt8], String)])
  func `foreign files are recognised`(bytes: [UInt8], name: String) {
    #expect(message { try readTable([.bytes(bytes, name: "t")]) }.contains(name))
    #expect(message { try readTable([.bytes(storedGzip(bytes), name: "t")]) }.contains(name))
  }

  @Test func `a damaged gzip file is an error after the rows before it`() {
    let text = "a\n" + (0..<4000).map { "\($0)\n" }.joined()
    let whole = storedGzip(Array(text.utf8))
    let truncated = Array(whole.dropLast(500))
    #expect(
      message { try readTable([.bytes(truncated, name: "t.gz")]) }
        .contains("the gzip data end too early. Check it with gzip -t"))
    var corrupt = whole
    corrupt[corrupt.count - 6] ^= 1  // in the checksum
    #expect(message { try readTable([.bytes(corrupt, name: "t.gz")]) }.contains("are corrupt"))
    let early = storedGzip(Array(("a\n1\nx\n" + text.dropFirst(2)).utf8)).dropLast(9)
    #expect(
      message {
        let reader = try TableReader([.bytes(Array(early), name: "t.gz")])
        let request = ColumnRequest(name: "a", wantsNumbers: true, wantsLabels: false)
        try reader.read([request], transform: { $0.rowCount }) { _ in }
      }.hasPrefix("t.gz, line 3: \"x\" in numeric"))
    #expect(message { try readTable([.bytes([0x1f, 0x8b], name: "t")]) }.contains("too early"))
    #expect(message { try readTable([.bytes(whole + [1, 2, 3], name: "t")]) }.contains("corrupt"))
  }

  @Test(arguments: [4, 100, 1 << 20])
  func `a record without end is refused early`(chunkBytes: Int) {
    let long = "a,b\n1,2\n3," + String(repeating: "x", count: 5000) + "\n5,6\n"
    #expect(
      message {
        try readTable(long) {
          $0.maximumRecordBytes = 2000
          $0.chunkBytes = chunkBytes
        }
      } == """
        t.csv, line 3: a record of more than 2000 bytes. \
        Check for an unclosed quote, or whether this is a table at all.
        """)
    let header = String(repeating: "x", count: 5000)
    #expect(
      message {
        try readTable(header + header) {
          $0.maximumRecordBytes = 2000
          $0.chunkBytes = min(chunkBytes, 100)
        }
      }.hasPrefix("t.csv, line 1: the header line has more than 2000 bytes."))
  }

  /// Rows 100, 200, … hold text; transform objects to row 150 of the table.
  @Test(arguments: [1, 2, 4], [8, 64, 1000, 1 << 20])
  func `the first error in the file is the one reported`(threads: Int, chunkBytes: Int) {
    let text = "n\n" + (1...1000).map { $0 % 100 == 0 ? "bad\($0)\n" : "\($0)\n" }.joined()
    var options = ReadingOptions()
    options.threads = threads
    options.chunkBytes = chunkBytes
    let request = ColumnRequest(name: "n", wantsNumbers: true, wantsLabels: false)
    func read(_ text: String, refusing value: Double) -> String {
      message {
        let reader = try TableReader([.bytes(Array(text.utf8), name: "t")], options: options)
        try reader.read(
          [request],
          transform: { chunk in
            if let row = chunk.columns[0].numbers.firstIndex(of: value) {
              throw RowError(
                row: row, column: "n", value: "\(value)", message: "is too ugly.",
                remedy: "Beautify it.")
            }
          }, consume: { _ in })
      }
    }
    #expect(read(text, refusing: 150).hasPrefix("t, line 101: \"bad100\""))
    #expect(
      read(text, refusing: 50) == "t, line 51: \"50.0\" in column \"n\": is too ugly. Beautify it.")
  }

  @Test func `an error of consume ends the reading`() {
    struct Enough: Error {}
    var options = ReadingOptions()
    options.chunkBytes = 10
    options.threads = 3
    let text = "n\n" + String(repeating: "1\n", count: 10_000)
    #expect(throws: Enough.self) {
      let reader = try TableReader([.bytes(Array(text.utf8), name: "t")], options: options)
      var chunks = 0
      try reader.read([], transform: { $0.rowCount }) { _ in
        chunks += 1
        if chunks == 5 { throw Enough() }
      }
    }
  }

  /// A header of 97 kB in gzip took 7 GB.
  @Test func `a header is bounded before its columns are made`() {
    let commas = String(repeating: ",", count: 1_000_000)
    #expect(
      message { try readTable("a\(commas)\n") }
        == "t.csv, line 1: the header line has more than 1000000 columns. "
        + "Check for an unclosed quote, or whether this is a table at all.")
    let long = String(repeating: "x", count: 1 << 24)
    #expect(
      message { try readTable("a,\(long)\n1,2\n") }
        == "t.csv, line 1: the header line has more than 16 MiB. "
        + "Check for an unclosed quote, or whether this is a table at all.")
    #expect(message { try readTable("a,\(long)") }.contains("more than 16 MiB"))
    let wide = (0..<20_000).map { "c\($0)" }.joined(separator: ",")
    let ones = Array(repeating: "1", count: 20_000).joined(separator: ",")
    #expect(throws: Never.self) { try readTable(wide + "\n" + ones + "\n") }
  }

  @Test func `blank lines before the header and among rows take no memory`() throws {
    let blank = String(repeating: "\n", count: 3_000_000)
    let table = try readTable(blank + "a,b\n" + blank + "1,2\n")
    #expect(table == WholeTable(header: ["a", "b"], rows: [["1", "2"]]))
    #expect(
      message { try readTable(blank + "a,b\n1,2,3\n") }.hasPrefix("t.csv, line 3000002: 3 fields"))
  }
}
