// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import ModelFrames
import TestSupport
import Testing

/// Files of several writers, made by Tests/Python/parquet_files.py, beside the same rows as text.
@Suite struct ParquetTests {
  private static func file(_ name: String) -> String {
    Files.test("ModelFramesTests/Data/Parquet/\(name)").path
  }

  /// Every encoding, compression and version of pages; small pages and several row groups; DuckDB, Polars,
  /// fastparquet and Spark (4.3 in local mode, with INT96 timestamps, and with pages of the second version).
  static let names = [
    "plain", "snappy-1", "zstd-2", "lz4-1", "pages", "fallback", "int96", "delta", "lengths",
    "duckdb-snappy-V2", "polars-zstd", "fastparquet-GZIP", "spark-snappy-INT96-1", "spark-zstd-INT96-2",
  ]
  static let numbers = ["y", "x", "f", "n", "id", "small", "ok", "day", "at", "price", "large"]
  static let labels = ["n", "id", "small", "g", "t", "day", "price", "large"]

  /// All of a table: numbers as bits, so that missing ones are equal, and labels, nil for none.
  struct Rows: Equatable {
    var numbers: [[UInt64]] = []
    var labels: [[String?]] = []
  }

  static func read(
    _ sources: [any TableSource], numbers: [String], labels: [String],
    _ change: (inout ReadingOptions) -> Void = { _ in }
  ) throws -> Rows {
    var options = ReadingOptions()
    change(&options)
    let reader = try TableReader(sources, options: options)
    let requests =
      numbers.map { ColumnRequest(name: $0, wantsNumbers: true, wantsLabels: false) }
      + labels.map { ColumnRequest(name: $0, wantsNumbers: false, wantsLabels: true) }
    var rows = Rows(numbers: numbers.map { _ in [] }, labels: labels.map { _ in [] })
    try reader.read(requests, transform: { $0 }) { chunk in
      for (k, column) in chunk.columns.prefix(numbers.count).enumerated() {
        rows.numbers[k] += column.numbers.map { $0.isNaN ? .max : $0.bitPattern }
      }
      for (k, column) in chunk.columns.dropFirst(numbers.count).enumerated() {
        rows.labels[k] += column.codes.map { $0 < 0 ? nil : column.labels.label($0) }
      }
    }
    return rows
  }

  private static func read(
    _ name: String, numbers: [String] = [], labels: [String] = [],
    _ change: (inout ReadingOptions) -> Void = { _ in }
  ) throws -> Rows {
    try read([tableSource(argument: file(name))], numbers: numbers, labels: labels, change)
  }

  /// fastparquet was not given the types that it does not write.
  private static func columns(_ all: [String], of name: String) -> [String] {
    name.hasPrefix("fastparquet")
      ? all.filter { !["day", "price", "large", "ok", "n"].contains($0) } : all
  }

  @Test(arguments: names) func `files of all writers hold the same rows`(_ name: String) throws {
    let (numbers, labels) = (Self.columns(Self.numbers, of: name), Self.columns(Self.labels, of: name))
    let found = try Self.read("\(name).parquet", numbers: numbers, labels: labels)
    let text = try Self.read("rows.csv", numbers: numbers, labels: labels)
    for (k, column) in numbers.enumerated() { #expect(found.numbers[k] == text.numbers[k], "\(column)") }
    for (k, column) in labels.enumerated() { #expect(found.labels[k] == text.labels[k], "\(column)") }
  }

  @Test(arguments: names) func `rows do not depend on cuts and threads`(_ name: String) throws {
    let (numbers, labels) = (Self.columns(Self.numbers, of: name), Self.columns(Self.labels, of: name))
    let whole = try Self.read("\(name).parquet", numbers: numbers, labels: labels)
    for (rows, threads) in [(1, 1), (7, 3), (16, 2)] {
      let cut = try Self.read("\(name).parquet", numbers: numbers, labels: labels) {
        ($0.chunkBytes, $0.threads) = (32 * rows, threads)
      }
      #expect(cut == whole)
    }
  }

  @Test func `types say what columns are`() throws {
    let reader = try TableReader([tableSource(argument: Self.file("plain.parquet"))])
    let kinds = try ["y", "n", "g", "ok", "day", "at", "price", "gone"].map { try reader.kind(of: $0) }
    #expect(
      kinds == [.numeric, .numeric, .categorical, .logical, .date, .dateTime, .numeric, .numeric])
    #expect(reader.declaredLabels == ["g", "t"])
    #expect(reader.header.count == 14)
    let nothing = try Self.read("nested.parquet", numbers: ["nothing", "z"])
    #expect(nothing.numbers == [[.max, .max], [(7.0).bitPattern, .max]])
  }

  @Test func `what cannot be read names the column, and what to do`() throws {
    for (column, words) in [("l", "nested values"), ("st", "nested values"), ("when", "times of day")] {
      let error = #expect(throws: DataError.self) { try Self.read("nested.parquet", numbers: [column]) }
      #expect(error?.column == column)
      #expect("\(error!)".contains("\(words) cannot be used"), "\(error!)")
    }
    let absent = #expect(throws: DataError.self) { try Self.read("nested.parquet", numbers: ["Y"]) }
    #expect("\(absent!)".contains("no column \"Y\""))
    let brotli = #expect(throws: DataError.self) { try Self.read("brotli.parquet", numbers: ["y"]) }
    #expect("\(brotli!)".contains("compressed with Brotli, which is not read. Write it with snappy"))
    #expect("\(brotli!)".contains("column \"y\""))
    let text = #expect(throws: DataError.self) { try Self.read("plain.parquet", numbers: ["t"]) }
    #expect(text?.column == "t" && text?.row == 2 && text?.line == nil)
    let none = #expect(throws: DataError.self) { try Self.read("no.parquet", numbers: ["t"]) }
    #expect(none?.problem == .fileNotFound)
  }

  @Test func `folders in a folder are one table, whatever it is called`() throws {
    let folder = try TemporaryFolder()
    for part in ["rows[1]/h=0", "rows[1]/h=1/k=2", "rows[1]/_temporary/0", "empty"] {
      try FileManager.default.createDirectory(atPath: folder.file(part), withIntermediateDirectories: true)
    }
    for part in ["h=0/a", "b", "h=1/k=2/c", "_temporary/0/d"] {
      try FileManager.default.copyItem(
        atPath: Self.file("plain.parquet"), toPath: folder.file("rows[1]/\(part).parquet"))
    }
    try folder.write("", to: "rows[1]/_SUCCESS")
    let one = try Self.read("plain.parquet", labels: ["g"]).labels[0]
    for name in ["rows[1]", "rows[1]/", "rows?1]/**/[a-c].parquet"] {
      let found = try Self.read([tableSource(argument: folder.file(name))], numbers: [], labels: ["g"])
      #expect(found.labels[0] == one + one + one, "\(name)")
    }
    for name in ["empty", "rows[1]/h=0/a.parquet/"] {
      let error = #expect(throws: DataError.self) {
        try Self.read([tableSource(argument: folder.file(name))], numbers: [], labels: ["g"])
      }
      #expect("\(error!)".contains(name))
    }
  }

  @Test func `patterns and folders are one table, whose rows have places`() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("t.parquet"), withIntermediateDirectories: true)
    for (k, name) in ["snappy-1", "pages"].enumerated() {
      try FileManager.default.copyItem(
        atPath: Self.file("\(name).parquet"), toPath: folder.file("t.parquet/\(k).parquet"))
    }
    let one = try Self.read("plain.parquet", numbers: ["y"], labels: ["g"])
    for name in ["t.parquet", "t.parquet/*.parquet"] {
      let both = try Self.read([tableSource(argument: folder.file(name))], numbers: ["y"], labels: ["g"])
      #expect(both.numbers[0] == one.numbers[0] + one.numbers[0])
      #expect(both.labels[0] == one.labels[0] + one.labels[0])
    }
    var places: [RowPlace] = []
    let reader = try TableReader([tableSource(argument: folder.file("t.parquet"))])
    try reader.read(
      [ColumnRequest(name: "y", wantsNumbers: true, wantsLabels: false)], transform: { $0 }
    ) { chunk in places = [39, 40, 79].map { chunk.rows.place(ofRow: $0) } }
    #expect(places.map(\.row) == [40, 1, 40])
    #expect(places.map { $0.file.suffix(9) } == ["0.parquet", "1.parquet", "1.parquet"])
    #expect(throws: DataError.self) {
      try TableReader([
        tableSource(argument: folder.file("t.parquet")), tableSource(argument: folder.file("t.parquet/1.parquet")),
      ])
    }
  }

  @Test func `numbers here and texts there are no column`() throws {
    let folder = try TemporaryFolder()
    for (k, name) in ["nested", "brotli"].enumerated() {
      try FileManager.default.copyItem(
        atPath: Self.file("\(name).parquet"), toPath: folder.file("\(k).parquet"))
    }
    let error = #expect(throws: DataError.self) {
      try Self.read([tableSource(argument: folder.file("*.parquet"))], numbers: [], labels: ["g"])
    }
    #expect("\(error!)".contains("has numbers, and in \(folder.file("0.parquet")) it has texts"))
  }

  @Test func `a file is known by its contents, whatever its name`() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: Self.file("delta.parquet"), toPath: folder.file("rows.dat"))
    let found = try Self.read([tableSource(argument: folder.file("rows.dat"))], numbers: ["id"], labels: [])
    #expect(found == (try Self.read("plain.parquet", numbers: ["id"])))
    try folder.write("y,g\n1,2\n3,4\n5,6\n", to: "text.parquet")
    let error = #expect(throws: DataError.self) {
      try TableReader([tableSource(argument: folder.file("text.parquet"))])
    }
    #expect("\(error!)".contains("is no Parquet file, whatever its name. If it holds delimited text"))
  }

  @Test func `records are all columns as text`() throws {
    var options = ReadingOptions()
    options.wantsRecords = true
    let reader = try TableReader([tableSource(argument: Self.file("nested.parquet"))], options: options)
    var records: [String] = []
    try reader.read(
      [ColumnRequest(name: "y", wantsNumbers: true, wantsLabels: false)], transform: { $0 }
    ) { chunk in
      chunk.rows.forEachRecord(chunk.rowCount) { records.append(String(decoding: $0, as: UTF8.self)) }
    }
    #expect(records == ["1.5,NA,NA,7,NA,NA,a", "2.5,NA,NA,NA,NA,NA,b"])
  }

  /// Whatever is changed: rows, or an error; and where rows are all there, none is silently lost.
  @Test(arguments: ["pages", "delta", "lengths", "fastparquet-GZIP", "lz4-1"])
  func `damaged files are refused, not trusted`(_ name: String) throws {
    let folder = try TemporaryFolder()
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Self.file("\(name).parquet"))))
    let columns = Self.columns(Self.numbers, of: name)
    func readAgain(_ bytes: [UInt8]) throws -> Rows {
      try folder.write(bytes, to: "damaged.parquet")
      return try Self.read(
        [tableSource(argument: folder.file("damaged.parquet"))], numbers: columns, labels: ["g", "t"])
    }
    for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
      #expect(throws: DataError.self) { try readAgain(Array(bytes.prefix(count))) }
    }
    var random = SplitMix64(seed: 7)
    for _ in 0..<100 {
      var damaged = bytes
      for _ in 0..<3 {
        damaged[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      do throws(any Error) {
        let rows = try readAgain(damaged)
        #expect(rows.numbers.allSatisfy { $0.count == 40 })
      } catch {
        #expect(error is DataError)
      }
    }
  }
}
