// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import TestSupport
import Testing

@Suite struct ReaderFuzzTests {
  /// A table of random fields, quoted where they must be and sometimes where they need not.
  func randomTable(_ generator: inout SplitMix64) -> [UInt8] {
    randomTable(&generator, columns: Int.random(in: 1...5, using: &generator))
  }

  func randomTable(_ generator: inout SplitMix64, columns: Int) -> [UInt8] {
    let rows = Int.random(in: 1...40, using: &generator)
    let lineEnd = Bool.random(using: &generator) ? "\n" : "\r\n"
    var text = (0..<columns).map { "c\($0)" }.joined(separator: ",") + lineEnd
    for row in 0..<rows {
      let fields = (0..<columns).map { _ in randomField(&generator, isOnly: columns == 1) }
      text += fields.joined(separator: ",")
      if row + 1 < rows || Bool.random(using: &generator) { text += lineEnd }
      if Int.random(in: 0..<20, using: &generator) == 0, row + 1 < rows { text += lineEnd }
    }
    return Array(text.utf8)
  }

  func randomField(_ generator: inout SplitMix64, isOnly: Bool) -> String {
    let pieces = [
      "a", "7", "é", "x y", ".", "-", "longer text than a word", ",", "\"", "\n", "\r\n",
    ]
    let plain = Int.random(in: 0..<3, using: &generator) > 0
    let count = Int.random(in: (isOnly ? 1 : 0)...4, using: &generator)
    let field = (0..<count)
      .map { _ in pieces[..<(plain ? 7 : pieces.count)].randomElement(using: &generator)! }
      .joined()
    let mustQuote = field.unicodeScalars.contains { ",\"\r\n".unicodeScalars.contains($0) }
    guard mustQuote || Int.random(in: 0..<5, using: &generator) == 0 else { return field }
    var doubled = ""
    for scalar in field.unicodeScalars { doubled += scalar == "\"" ? "\"\"" : String(scalar) }
    return "\"" + doubled + "\""
  }

  @Test func `random tables in small chunks are as a plain parser reads them`() throws {
    var generator = SplitMix64(seed: 11)
    for _ in 0..<600 {
      let text = randomTable(&generator)
      let records = referenceRecords(text)
      let rows = records.dropFirst().map { $0.map { $0.isEmpty ? nil : Optional($0) } }
      var options = ReadingOptions()
      options.chunkBytes = [1, 2, 3, 7, 16, 31, 64, 100, 200, 1 << 20].randomElement(
        using: &generator)!
      options.threads = Int.random(in: 1...3, using: &generator)
      let table = try readTable([.bytes(text, name: "t")], options)
      #expect(
        table == WholeTable(header: records[0], rows: Array(rows)),
        "\(String(decoding: text, as: UTF8.self))")
    }
  }

  @Test func `some columns of random tables are as a plain parser reads them`() throws {
    var generator = SplitMix64(seed: 12)
    for _ in 0..<400 {
      let columns = Int.random(in: 4...90, using: &generator)
      let text = randomTable(&generator, columns: columns)
      let records = referenceRecords(text)
      let wanted = (0..<columns).filter { _ in Int.random(in: 0..<columns, using: &generator) < 3 }
      var options = ReadingOptions()
      options.chunkBytes = [1, 63, 64, 1000, 1 << 20].randomElement(using: &generator)!
      options.threads = 1
      let reader = try TableReader([.bytes(text, name: "t")], options: options)
      let requests = wanted.map { ColumnRequest(name: "c\($0)", wantsNumbers: false, wantsLabels: true) }
      guard !requests.isEmpty else { continue }
      var rows: [[String?]] = []
      try reader.read(requests, transform: labelRows) { rows += $0 }
      let expected = records.dropFirst().map { record in
        wanted.map { record[$0].isEmpty ? nil : Optional(record[$0]) }
      }
      #expect(rows == Array(expected), "\(wanted) of \(String(decoding: text, as: UTF8.self))")
    }
  }

  /// A record may end, or a quote may open, among fields that nobody asked for.
  @Test func `a record of too few or too many fields is one wherever columns are wanted`() throws {
    let header = (0..<80).map { "c\($0)" }.joined(separator: ",")
    let whole = (0..<80).map(String.init).joined(separator: ",")
    for count in [1, 2, 40, 63, 64, 65, 79, 81, 100] {
      let ragged = (0..<count).map(String.init).joined(separator: ",")
      let text = Array("\(header)\n\(whole)\n\(ragged)\n\(whole)\n".utf8)
      for column in ["c0", "c37", "c79"] {
        let reader = try TableReader([.bytes(text, name: "t")])
        let request = ColumnRequest(name: column, wantsNumbers: false, wantsLabels: true)
        let error = #expect(throws: DataError.self) { try reader.read([request], transform: labelRows) { _ in } }
        #expect(error?.problem == .raggedRow(fields: count, headerFields: 80) && error?.line == 3)
      }
    }
  }

  /// Rows or the message of the error; both must not depend on chunks and threads.
  func outcome(_ bytes: [UInt8], _ chunkBytes: Int, threads: Int) -> String {
    var options = ReadingOptions()
    options.chunkBytes = chunkBytes
    options.threads = threads
    options.maximumRecordBytes = 4096
    options.missingTexts = ["?"]
    var rows: [String] = []
    do {
      let reader = try TableReader([.bytes(bytes, name: "t")], options: options)
      let names = reader.header.filter { !$0.isEmpty }
      let requests = names.enumerated().map { i, name in
        ColumnRequest(name: name, wantsNumbers: false, wantsLabels: i % 3 != 1)
      }
      try reader.read(requests, transform: { "\($0.columns.map { $0.codes.map { $0 < 0 } })" }) {
        rows.append($0)
      }
      return "rows"
    } catch let error as DataError {
      return "\(error.problem) \(error.line ?? 0)"
    } catch {
      return "not a DataError: \(error)"
    }
  }

  func mutate(_ text: [UInt8], _ generator: inout SplitMix64) -> [UInt8] {
    let alphabet: [UInt8] = [
      0, 9, 10, 13, 32, 34, 34, 34, 44, 44, 10, 59, 65, 49, 46, 45, 0xff, 0xc3,
    ]
    var bytes = text
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
      let at = Int.random(in: 0...bytes.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: bytes.insert(alphabet.randomElement(using: &generator)!, at: at)
      case 1 where at < bytes.count: bytes.remove(at: at)
      case 2 where at < bytes.count: bytes[at] = alphabet.randomElement(using: &generator)!
      default:
        let end = Int.random(in: at...min(bytes.count, at + 20), using: &generator)
        bytes.insert(contentsOf: bytes[at..<end], at: at)
      }
    }
    return bytes
  }

  @Test func `damaged tables give rows or an error, the same for all chunks and threads`() {
    var generator = SplitMix64(seed: 5)
    for _ in 0..<2_000 {
      let bytes = mutate(randomTable(&generator), &generator)
      let expected = outcome(bytes, 1 << 16, threads: 1)
      #expect(!expected.hasPrefix("not a"), "\(bytes)")
      for chunkBytes in [1, 5, 40] {
        let other = outcome(bytes, chunkBytes, threads: Int.random(in: 1...2, using: &generator))
        #expect(other == expected, "\(chunkBytes) \(bytes)")
      }
    }
  }

  @Test func `damaged gzip data give rows or an error`() {
    var generator = SplitMix64(seed: 9)
    for _ in 0..<600 {
      let bytes = mutate(storedGzip(randomTable(&generator)), &generator)
      #expect(!outcome(bytes, 64, threads: 1).hasPrefix("not a"))
    }
  }

  static let corpus: [String] = [
    "\"", "\"\"", "\"\"\"", "\"\n", ",", ",\n", ",\n,", "\n,\n\n", "a\n\"", "a\n\"\"", "a\n\"\"\"",
    "a,b\n\"\",\"", "a\r", "\r", "\r\n\r\n", "a\r\n\r", "a\r\r\n1\r\r\n", "a,a", "a;b,c\n",
    "\u{feff}",
    "\u{feff}\u{feff}a\n1", "a\n\"1\"\"", "a\n\"1\"\r", "a\n\"1\"\r2", "a,b\n\"1\"\r,2\n", "a\n-",
    "a\n+\n",
    "a\n1e\n", "a\n0x\n", "a\n0x1p\n", "a\n.\n", "a\n" + String(repeating: "9", count: 400),
    "a\n" + String(repeating: "\"", count: 301), "a\n" + String(repeating: "\"", count: 300),
    String(repeating: ",", count: 500), String(repeating: "\n", count: 500), "a\n\0", "\0",
    "a,\0\n1,2",
    "a b\n1 2\n", "\t\n1\t2\n", "a\t\n1\t\n\t\n", "|\n|", "a\n1\n\u{1a}", "a\u{2028}b\n1\n",
    "a,b\n \t \n1,2\n",
    "\u{1f}\u{8b}", "PK\u{3}\u{4}", "RDX3\nX\n", "a\nNA", "a\n\"NA\"\n\"\"\n",
    "a,b\n1,2\n3,4\n\"5\",\"6\"\"",
    "a,b\n1,\"\r\n\"\n", "a,b\n1,\"\r\"\n", "a,b\n\"\"\"\"\"\",2\n", "a,b\n\"\"\"\"\",2\n",
  ]

  @Test(arguments: corpus) func `nasty inputs`(text: String) {
    let expected = outcome(Array(text.utf8), 1 << 16, threads: 1)
    #expect(!expected.hasPrefix("not a"))
    for chunkBytes in 1...9 {
      #expect(outcome(Array(text.utf8), chunkBytes, threads: 2) == expected)
    }
    let numbers = message { try readNumbers("a", text) }
    #expect(!numbers.hasPrefix("not a"))
  }
}
