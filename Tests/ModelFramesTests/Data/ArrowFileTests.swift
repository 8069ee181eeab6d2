// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import ModelFrames
import TestSupport
import Testing

/// Files of pyarrow and Polars, made by Tests/Python/arrow_files.py, beside the same rows as text.
@Suite struct ArrowFileTests {
  private static func file(_ name: String) -> String { Files.test("ModelFramesTests/Data/Arrow/\(name)").path }

  /// Files and streams; one batch and several, an empty one among them; without compression, LZ4 and zstd; strings,
  /// large strings, views and dictionaries; nested columns before the others.
  static let names = [
    "plain.arrow", "batches-lz4.arrow", "batches-zstd.arrow", "stream.arrows", "stream-zstd.arrows",
    "default.feather", "polars.arrow", "polars.arrows", "types.arrow", "views.arrow", "views-lz4.arrow",
  ]
  private static let (numbers, labels) = (ParquetTests.numbers, ParquetTests.labels)

  private static func read(
    _ name: String, numbers: [String] = [], labels: [String] = [],
    _ change: (inout ReadingOptions) -> Void = { _ in }
  ) throws -> ParquetTests.Rows {
    try ParquetTests.read([tableSource(argument: file(name))], numbers: numbers, labels: labels, change)
  }

  @Test(arguments: names) func `files and streams hold the rows that the text has`(_ name: String) throws {
    let found = try Self.read(name, numbers: Self.numbers, labels: Self.labels)
    let path = Files.test("ModelFramesTests/Data/Parquet/rows.csv").path
    let text = try ParquetTests.read([tableSource(argument: path)], numbers: Self.numbers, labels: Self.labels)
    #expect(found.numbers[0].count == 40)
    for (k, column) in Self.numbers.enumerated() { #expect(found.numbers[k] == text.numbers[k], "\(column)") }
    for (k, column) in Self.labels.enumerated() { #expect(found.labels[k] == text.labels[k], "\(column)") }
  }

  @Test(arguments: names) func `rows do not depend on cuts and threads`(_ name: String) throws {
    let whole = try Self.read(name, numbers: Self.numbers, labels: Self.labels)
    for (rows, threads) in [(1, 1), (7, 3), (16, 2)] {
      let cut = try Self.read(name, numbers: Self.numbers, labels: Self.labels) {
        ($0.chunkBytes, $0.threads) = (32 * rows, threads)
      }
      #expect(cut == whole)
    }
  }

  @Test func `types say what columns are`() throws {
    let reader = try TableReader([tableSource(argument: Self.file("types.arrow"))])
    let kinds = try ["y", "n", "g", "ok", "day", "at", "price", "gone"].map { try reader.kind(of: $0) }
    #expect(
      kinds == [.numeric, .numeric, .categorical, .logical, .date, .dateTime, .numeric, .numeric])
    #expect(reader.declaredLabels == ["g", "t"])
    #expect(try Self.read("plain.arrow", numbers: ["gone"]).numbers[0].allSatisfy { $0 == .max })
  }

  private static let texts = ["b", "é", "", "a long one, longer than twelve", "e"]
  private static let values = [3, 1_000_000_000_000, -7, 0, 5]

  @Test(arguments: ["deltas.arrow", "deltas.arrows"])
  func `a list of values grows from batch to batch`(_ name: String) throws {
    let places = [2, 3, 5].flatMap { count in (0..<5).map { $0 % count } }
    let found = try Self.read(name, labels: ["g", "k"])
    // An empty text is there; what is missing the type says.
    #expect(found.labels[0] == places.map { Optional(Self.texts[$0]) })
    #expect(found.labels[1] == places.map { "\(Self.values[$0])" })
  }

  @Test func `a later list of values takes the place of an earlier one`() throws {
    let places = [0, 2, 1].flatMap { first in (0..<5).map { first + $0 % 2 } }
    let found = try Self.read("replaced.arrows", labels: ["g", "k"])
    #expect(found.labels[0] == places.map { Optional(Self.texts[$0]) })
    #expect(found.labels[1] == places.map { "\(Self.values[$0])" })
  }

  @Test func `what cannot be read names the file and the column, and what to do`() throws {
    for (column, format) in [("l", "“+l”, lists,"), ("st", "“+s”, structures,"), ("when", "“tts”, times of day,")] {
      let error = #expect(throws: DataError.self) { try Self.read("views.arrow", numbers: [column]) }
      #expect(error?.column == column && error?.file == Self.file("views.arrow"))
      #expect("\(error!)".contains("values of the Arrow type \(format) cannot be used"), "\(error!)")
    }
    let absent = #expect(throws: DataError.self) { try Self.read("views.arrow", numbers: ["Y"]) }
    #expect("\(absent!)".contains("no column \"Y\""))
    let old = #expect(throws: DataError.self) { try Self.read("first.feather", numbers: ["y"]) }
    #expect("\(old!)".contains("is of the first version of Feather, which is not read. Write it again"), "\(old!)")
    let none = #expect(throws: DataError.self) { try Self.read("no.arrow", numbers: ["t"]) }
    #expect(none?.problem == .fileNotFound)
    let folder = try TemporaryFolder()
    try folder.write("y,g\n1,2\n3,4\n5,6\n", to: "text.arrow")
    let error = #expect(throws: DataError.self) { try TableReader([tableSource(argument: folder.file("text.arrow"))]) }
    #expect("\(error!)".contains("is no Arrow file, whatever its name. If it holds delimited text"))
  }

  @Test func `patterns and folders are one table, whose rows have places`() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("t.arrow"), withIntermediateDirectories: true)
    for (k, name) in ["batches-lz4", "views"].enumerated() {
      try FileManager.default.copyItem(
        atPath: Self.file("\(name).arrow"), toPath: folder.file("t.arrow/\(k).arrow"))
    }
    let one = try Self.read("plain.arrow", numbers: ["y"], labels: ["g"])
    for name in ["t.arrow", "t.arrow/*.arrow"] {
      let both = try ParquetTests.read([tableSource(argument: folder.file(name))], numbers: ["y"], labels: ["g"])
      #expect(both.numbers[0] == one.numbers[0] + one.numbers[0])
      #expect(both.labels[0] == one.labels[0] + one.labels[0])
    }
    var places: [RowPlace] = []
    let reader = try TableReader([tableSource(argument: folder.file("t.arrow"))])
    try reader.read(
      [ColumnRequest(name: "y", wantsNumbers: true, wantsLabels: false)], transform: { $0 }
    ) { chunk in places = [16, 17, 39, 40, 79].map { chunk.rows.place(ofRow: $0) } }
    #expect(places.map(\.row) == [17, 18, 40, 1, 40])
    #expect(places.map { $0.file.suffix(7) } == ["0.arrow", "0.arrow", "0.arrow", "1.arrow", "1.arrow"])
    try FileManager.default.copyItem(atPath: Self.file("deltas.arrow"), toPath: folder.file("t.arrow/2.arrow"))
    let error = #expect(throws: DataError.self) {
      try ParquetTests.read([tableSource(argument: folder.file("t.arrow"))], numbers: ["y"], labels: [])
    }
    #expect(error?.file == folder.file("t.arrow/2.arrow") && error?.column == "y")
    try FileManager.default.removeItem(atPath: folder.file("t.arrow/0.arrow"))
    try FileManager.default.removeItem(atPath: folder.file("t.arrow/1.arrow"))
    try FileManager.default.copyItem(atPath: Self.file("sleepstudy.feather"), toPath: folder.file("t.arrow/3.arrow"))
    #expect(throws: DataError.self) {
      try TableReader([
        tableSource(argument: folder.file("t.arrow")), tableSource(argument: folder.file("t.arrow/3.arrow")),
      ])
    }
  }

  @Test func `a file is known by its contents, and its records are all columns as text`() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: Self.file("deltas.arrow"), toPath: folder.file("rows.dat"))
    var options = ReadingOptions()
    options.wantsRecords = true
    let reader = try TableReader([tableSource(argument: folder.file("rows.dat"))], options: options)
    var records: [String] = []
    try reader.read(
      [ColumnRequest(name: "k", wantsNumbers: true, wantsLabels: false)], transform: { $0 }
    ) { chunk in
      chunk.rows.forEachRecord(chunk.rowCount) { records.append(String(decoding: $0, as: UTF8.self)) }
    }
    #expect(records.prefix(2) == ["b,3", "é,1000000000000"])
    #expect(records.suffix(2) == ["\"a long one, longer than twelve\",0", "e,5"])
  }

  private static func reading(_ bytes: [UInt8], _ folder: TemporaryFolder, _ name: String) throws {
    try folder.write(bytes, to: "damaged.arrow")
    let (numbers, labels): ([String], [String]) =
      switch name.prefix(5) {
      case "delta", "repla": ([], ["g", "k"])
      case "sleep": (["Reaction", "Days"], ["Subject"])
      default: (Self.numbers, ["g", "t", "day"])
      }
    _ = try ParquetTests.read(
      [tableSource(argument: folder.file("damaged.arrow"))], numbers: numbers, labels: labels)
  }

  /// Cut off after every byte of some, at many places of the others.
  @Test(arguments: ["deltas.arrow", "deltas.arrows", "replaced.arrows", "sleepstudy.feather", "batches-zstd.arrow"])
  func `files that are cut short are refused`(_ name: String) throws {
    let folder = try TemporaryFolder()
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Self.file(name))))
    try Self.reading(bytes, folder, name)
    for count in stride(from: 0, to: bytes.count, by: name.hasPrefix("deltas") ? 1 : 19) {
      let error = #expect(throws: DataError.self) { try Self.reading(Array(bytes.prefix(count)), folder, name) }
      #expect(error?.file == folder.file("damaged.arrow"))
    }
  }

  /// Whatever is changed: a table or an error.
  @Test(arguments: names + ["deltas.arrow", "deltas.arrows", "replaced.arrows"])
  func `damaged files are read or refused, and nothing else`(_ name: String) throws {
    let folder = try TemporaryFolder()
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Self.file(name))))
    var random = SplitMix64(seed: 11)
    var refused = 0
    for trial in 0..<150 {
      var damaged = bytes
      for _ in 0...trial % 3 {
        let place = Int(random.next() % UInt64(bytes.count))
        // Bits one by one are what offsets and lengths are sensitive to.
        damaged[place] = trial % 2 == 0 ? UInt8(truncatingIfNeeded: random.next()) : damaged[place] ^ 1 << UInt8(random.next() % 8)
      }
      do throws(any Error) { try Self.reading(damaged, folder, name) } catch {
        #expect(error is DataError)
        refused += 1
      }
    }
    #expect(refused > 0)
  }
}
