// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct RecordTextTests {
  private func records(_ text: String, column: String, chunkBytes: Int) throws -> [String] {
    var options = ReadingOptions()
    options.chunkBytes = chunkBytes
    let reader = try TableReader([.bytes(Array(text.utf8), name: "t.csv")], options: options)
    let request = ColumnRequest(name: column, wantsNumbers: false, wantsLabels: true)
    var all: [String] = []
    try reader.read(
      [request],
      transform: { chunk in
        var records: [String] = []
        chunk.rows.forEachRecord(chunk.rowCount) { records.append(String(decoding: $0, as: UTF8.self)) }
        #expect(records.count == chunk.rowCount)
        return records
      }, consume: { all += $0 })
    return all
  }

  @Test(arguments: [1, 12, 1 << 20])
  func `records come as they stand, blank lines left out`(chunkBytes: Int) throws {
    let text = "a,b\n1,\"x\n\"\"y\"\"\"\r\n\n  \n , \r\n\r\n2,z"
    #expect(
      try records(text, column: "a", chunkBytes: chunkBytes)
        == ["1,\"x\n\"\"y\"\"\"", " , ", "2,z"])
  }

  @Test func `a line of blanks is a row where there is one column`() throws {
    #expect(try records("a\n1\n  \n\n2\n", column: "a", chunkBytes: 100) == ["1", "  ", "2"])
  }
}

@Suite struct LevelFinderTests {
  private func dictionary(_ labels: [String]) -> LevelDictionary {
    var dictionary = LevelDictionary()
    for label in labels { _ = dictionary.code(for: label) }
    return dictionary
  }

  private func codes(_ known: [String], _ asked: [String]) -> [Int32] {
    LevelFinder(dictionary(known)).codes(of: dictionary(asked))
  }

  @Test func `numbers are found by value, large integers by their digits`() {
    #expect(codes(["1", "2.5"], ["2.50", "1e0", "3", "x"]) == [1, 0, -1, -1])
    #expect(
      codes(["9007199254740993"], ["9007199254740992", "+9007199254740993"]) == [-1, 0])
  }

  @Test func `logicals are found by meaning, texts by their bytes`() {
    #expect(codes(["TRUE", "F"], ["T", "false"]) == [0, 1])
    #expect(codes(["1", "b"], ["1.0", "b", "B"]) == [-1, 1, -1])
  }
}
