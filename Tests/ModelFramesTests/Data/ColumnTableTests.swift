// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

@Suite struct ColumnTableTests {
  private func read(
    _ table: ColumnTable, _ requests: [ColumnRequest],
    _ change: (inout ReadingOptions) -> Void = { _ in }
  ) throws -> [TableChunk] {
    var options = ReadingOptions()
    change(&options)
    var chunks: [TableChunk] = []
    try TableReader([table], options: options).read(requests, transform: { $0 }) {
      chunks.append($0)
    }
    return chunks
  }

  @Test func `tables that are none are refused`() {
    #expect(message { try ColumnTable([:], name: "t") }.hasPrefix("t: has no columns."))
    #expect(
      message { try ColumnTable(["a": .numbers([1]), "b": .labels(["x", "y"])], name: "t") }
        .hasPrefix("t: column \"b\" has 2 rows, the first column 1."))
    #expect(
      message { try ColumnTable(["a": .numbers([1]), "a": .numbers([2])], name: "t") }
        .hasPrefix("t: two columns are named \"a\"."))
    #expect(throws: DataError(.noRows, file: "t")) {
      try read(ColumnTable(["a": .numbers([])], name: "t"), [])
    }
    #expect(
      throws: DataError(.unknownColumn(available: ["aa"]), file: "t", column: "a")
    ) {
      try read(
        ColumnTable(["aa": .numbers([1])], name: "t"),
        [ColumnRequest(name: "a", wantsNumbers: true, wantsLabels: false)])
    }
  }

  @Test func `a table without rows may be a part`() throws {
    let empty = try ColumnTable(["a": .numbers([])])
    #expect(try read(empty, []) { $0.allowsNoRows = true }.isEmpty)
  }

  @Test func `kinds are those of the values`() throws {
    let reader = try TableReader([
      ColumnTable([
        "n": .numbers([.nan, 2]), "none": .numbers([.nan, .nan]), "l": .logicals([true, nil]),
        "words": .labels(["true", "false"]), "m": .labels(["F", "M"]), "u": .labels([nil, "NA"]),
        "dates": .labels(["2024-01-31", nil]),
        "c": .labels(codes: [-1, 1], of: ["x", "7"]),
      ])
    ])
    let kinds = try reader.header.map { try reader.kind(of: $0) }
    #expect(
      kinds == [.numeric, .empty, .logical] + Array(repeating: .categorical, count: 5))
  }

  @Test(arguments: [1, 4], [1, 3, 1000])
  func `chunks have their own labels in the order of the rows`(threads: Int, rows: Int) throws {
    let labels = (0..<500).map { row in row % 11 == 3 ? nil : "l\((row * row) % 37)" }
    let numbers = (0..<500).map { Double($0 % 13) / 4 }
    let requests = [
      ColumnRequest(name: "g", wantsNumbers: false, wantsLabels: true),
      ColumnRequest(name: "x", wantsNumbers: true, wantsLabels: true),
    ]
    let chunks = try read(
      ColumnTable(["x": .numbers(numbers), "g": .labels(labels)]), requests
    ) {
      ($0.threads, $0.chunkBytes) = (threads, 32 * rows)
    }
    #expect(chunks.map(\.index) == Array(chunks.indices))
    #expect(chunks.map(\.rowCount).max() == min(rows, 500))
    let rowsOfLabels = chunks.flatMap(labelRows)
    #expect(rowsOfLabels.map { $0[0] } == labels)
    #expect(rowsOfLabels.map { Double($0[1]!)! } == numbers)
    #expect(chunks.flatMap { $0.columns[1].numbers } == numbers)
    for chunk in chunks {
      let codes = chunk.columns[0].codes.filter { $0 >= 0 }
      var seen: Int32 = 0
      for code in codes {
        #expect(code <= seen)
        seen = max(seen, code + 1)
      }
      #expect(Int(seen) == chunk.columns[0].labels.count)
    }
  }

  @Test func `the user's missing texts are missing`() throws {
    var options = ReadingOptions()
    options.missingTexts = ["-99", "?", "never"]
    let table = try ColumnTable(["x": .numbers([1, -99, 3]), "g": .labels(["?", "a", "NaN"])])
    let reader = try TableReader([table], options: options)
    var chunk: TableChunk?
    try reader.read(
      [
        ColumnRequest(name: "x", wantsNumbers: true, wantsLabels: false),
        ColumnRequest(name: "g", wantsNumbers: false, wantsLabels: true),
      ], transform: { $0 }
    ) { chunk = $0 }
    #expect(chunk?.columns[0].numbers.map(\.isNaN) == [false, true, false])
    #expect(chunk?.columns[1].codes == [-1, 0, 1])
    #expect(reader.unmatchedMissingTexts == ["never"])
  }

  @Test func `rows before an unusable value are read`() throws {
    let table = try ColumnTable(["x": .numbers([1, 2, -.infinity, 4])], name: "t")
    let request = ColumnRequest(name: "x", wantsNumbers: true, wantsLabels: false)
    var seen = 0
    #expect(
      message {
        try TableReader([table]).read([request], transform: { $0.rowCount }) { seen = $0 }
      } == "t, row 3: -Inf in column \"x\" is not finite. Remove the row or write NA.")
    #expect(seen == 0)
    #expect(try TableReader([table]).sample([request])?.columns[0].numbers == [1, 2])
  }
}
