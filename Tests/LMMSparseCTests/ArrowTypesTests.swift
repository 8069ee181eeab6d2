// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow
import CLMMSparse
import ModelFrames
import Testing

/// What arrives over the Arrow interface is what a file with the same values gives.
@Suite struct ArrowTypesTests {
  private static let file = Result { try CModel(Sleepstudy.fileOptions).numbers }

  @Test(
    arguments: zip(
      ["c", "C", "s", "S", "i", "I", "l", "L", "f", "g", "d:10,2", "d:9,1,32", "d:18,3,64"],
      ["l", "i", "s", "S", "u", "U", "z", "Z", "vu", "vz", "L", "I", "g"]))
  func `fits do not depend on the types`(days: String, subject: String) throws {
    let isText = "uUzZ".contains(subject) || subject.hasPrefix("v")
    let stream = ArrowTestStream([
      "unused": .texts("+w:3", Sleepstudy.labels),
      "Days": .numbers(days, Sleepstudy.days),
      "Subject": isText
        ? .texts(subject, Sleepstudy.labels) : .numbers(subject, Sleepstudy.subjects),
      "Reaction": .doubles(Sleepstudy.reaction),
    ])
    let model = try CModel(stream, Sleepstudy.options)
    #expect(model.numbers == (try Self.file.get()))
    #expect(stream.liveCount == 0)
  }

  @Test(arguments: ["c", "S", "i", "L"])
  func `dictionaries and slices are the same rows`(index: String) throws {
    let levels = Array(Set(Sleepstudy.labels.map { $0! })).sorted().reversed().map { String?.some($0) }
    let places = Sleepstudy.labels.map { levels.firstIndex(of: $0) }
    let list = ArrowTestColumn.texts("u", [nil, nil] + levels).sliced(2)
    // Two rows that are passed over: one by the column's offset, one by the batch's.
    var batch = ArrowTestBatch(
      columns: [
        .doubles([1e300, 0] + Sleepstudy.reaction).sliced(1),
        .numbers("l", [nil, nil] + Sleepstudy.days).sliced(1),
        .dictionary(index, [nil, 0] + places, list).sliced(1),
      ], length: 180, offset: 1)
    batch.columns[1].nullCount = -1
    let empty = ArrowTestBatch(
      columns: [.doubles([]), .numbers("l", []), .dictionary(index, [], list)], length: 0)
    let stream = ArrowTestStream(["Reaction", "Days", "Subject"], [empty, batch, empty])
    let model = try CModel(stream, Sleepstudy.options)
    #expect(model.numbers == (try Self.file.get()))
    #expect(stream.liveCount == 0)
  }

  @Test func `sums do not depend on the batches`() throws {
    let cuts = [0, 1, 7, 64, 65, 180]
    let batches = zip(cuts, cuts.dropFirst()).map { first, last in
      ArrowTestBatch(columns: [
        .doubles(Array(Sleepstudy.reaction[first..<last])),
        .numbers("l", Array(Sleepstudy.days[first..<last])),
        .texts("U", Array(Sleepstudy.labels[first..<last])),
      ])
    }
    let stream = ArrowTestStream(["Reaction", "Days", "Subject"], batches)
    #expect(try CModel(stream, Sleepstudy.options).numbers == Self.file.get())
  }

  @Test func `nulls are missing`() throws {
    var (reaction, days, subjects) = (Sleepstudy.reaction, Sleepstudy.days, Sleepstudy.labels)
    (reaction[3], days[20], subjects[77], reaction[90]) = (nil, nil, nil, .nan)
    let lines = reaction.indices.map { k in
      "\(reaction[k].map { $0.isNaN ? "NA" : "\($0)" } ?? "NA"),\(days[k].map(String.init) ?? "NA"),\(subjects[k] ?? "NA")\n"
    }
    let bytes = Array(("Reaction,Days,Subject\n" + lines.joined()).utf8)
    let table = try chunks([DataSource.bytes(bytes, name: "t")])
    let stream = ArrowTestStream([
      "Reaction": .doubles(reaction), "Days": .numbers("c", days), "Subject": .texts("vu", subjects),
    ])
    let arrow = try stream { try chunks([ArrowTable(moving: $0, name: "t")]) }
    #expect(arrow.numbers.map { $0.map(\.bitPattern) } == table.numbers.map { $0.map(\.bitPattern) })
    #expect(arrow.labels == table.labels)
    let model = try CModel(stream.again, Sleepstudy.options)
    #expect(model.answer.json["nobs"] as? Int == 176)
  }

  /// Numbers of Reaction and Days, and labels of Subject.
  private func chunks(
    _ sources: [any TableSource]
  ) throws -> (numbers: [[Double]], labels: [String]) {
    let requests = [("Reaction", true), ("Days", true), ("Subject", false)].map {
      ColumnRequest(name: $0.0, wantsNumbers: $0.1, wantsLabels: !$0.1)
    }
    var (numbers, labels): ([[Double]], [String]) = ([[], []], [])
    try TableReader(sources).read(requests, transform: { $0 }) { chunk in
      for k in 0..<2 { numbers[k] += chunk.columns[k].numbers }
      let column = chunk.columns[2]
      labels += column.codes.map { $0 < 0 ? "NA" : column.labels.label($0) }
    }
    return (numbers, labels)
  }

  /// Labels and numbers of one column.
  private func read(
    _ column: ArrowTestColumn, _ change: (inout ReadingOptions) -> Void = { _ in }
  ) throws -> (kind: ColumnKind, numbers: [Double], labels: [String]) {
    var options = ReadingOptions()
    change(&options)
    return try ArrowTestStream(["x": column]) { stream in
      let reader = try TableReader([ArrowTable(moving: stream, name: "t")], options: options)
      let kind = try reader.kind(of: "x")
      let wantsNumbers = kind != .categorical && kind != .empty
      let request = ColumnRequest(name: "x", wantsNumbers: wantsNumbers, wantsLabels: true)
      var (numbers, labels): ([Double], [String]) = ([], [])
      try reader.read([request], transform: { $0.columns[0] }) { column in
        numbers += column.numbers
        labels += column.codes.map { $0 < 0 ? "NA" : column.labels.label($0) }
      }
      return (kind, numbers, labels)
    }
  }

  @Test func `dates are days, and labels of them dates`() throws {
    // R: as.Date(c("1970-01-01", "2026-11-30", "1969-12-31", "1600-02-29", "9999-12-31"))
    let days = [0, 20787, -1, -135_081, 2_932_896]
    let texts = ["1970-01-01", "2026-11-30", "1969-12-31", "1600-02-29", "9999-12-31"]
    let short = try read(.numbers("tdD", days))
    #expect(short.kind == .date)
    #expect(short.numbers == days.map(Double.init))
    #expect(short.labels == texts)
    let long = try read(.numbers("tdm", days.map { $0 * 86_400_000 }))
    #expect(long.numbers == short.numbers)
    #expect(long.labels == texts)
  }

  @Test func `timestamps are seconds, and labels of them say when`() throws {
    let column = try read(.numbers("tsu:Europe/Paris", [0, 1_500_000, -500_000, 86_399_999_999]))
    #expect(column.numbers == [0, 1.5, -0.5, 86399.999999])
    #expect(
      column.labels == [
        "1970-01-01 00:00:00", "1970-01-01 00:00:01.5", "1969-12-31 23:59:59.5",
        "1970-01-01 23:59:59.999999",
      ])
    #expect(try read(.numbers("tss:", [86400])).labels == ["1970-01-02 00:00:00"])
  }

  @Test func `decimals are the nearest doubles`() throws {
    func column(_ format: String, _ values: [Int128]) -> ArrowTestColumn {
      .values(format, values.map { $0 }, filler: 0)
    }
    let column = try read(
      column("d:38,3", [1, -1250, 99_999_999_999_999_999_999_999_999, 0, 12_345_678_901_234_567_891]))
    #expect(column.numbers == [0.001, -1.25, 99_999_999_999_999_999_999_999.999, 0, 12_345_678_901_234_567.891])
    #expect(column.labels.prefix(2) == ["0.001", "-1.250"])
    #expect(try read(.values("d:5,-2", [Int128?.some(12), nil], filler: 5)).numbers.first == 1200)
  }

  @Test func `booleans, whole numbers and texts have their labels`() throws {
    let logical = try read(.booleans([true, nil, false]))
    #expect(logical.kind == .logical)
    #expect(logical.numbers[0] == 1 && logical.numbers[1].isNaN && logical.numbers[2] == 0)
    #expect(logical.labels == ["TRUE", "NA", "FALSE"])
    let large = try read(.values("L", [UInt64?.some(.max), 1 << 53 + 1], filler: 0))
    #expect(large.labels == ["18446744073709551615", "9007199254740993"])
    #expect(try read(.values("f", [Float?.some(0.1), 2], filler: 0)).labels == ["0.1", "2"])
    #expect(try read(.texts("u", ["308", "", "NA", nil])).labels == ["308", "", "NA", "NA"])
    #expect(try read(.texts("u", ["308"])).kind == .categorical)
    #expect(try read(.texts("u", ["T", "F"])).kind == .categorical)
    #expect(try read(.texts("u", ["2026-11-30"])).kind == .categorical)
    let none = ArrowTestColumn(format: "n", length: 2, nullCount: 2, buffers: [])
    #expect(try read(none).kind == .empty)
  }

  @Test func `texts that mean missing are missing in all types`() throws {
    let numbers = try read(.numbers("i", [-99, 4])) { $0.missingTexts = ["-99"] }
    #expect(numbers.numbers[0].isNaN && numbers.numbers[1] == 4)
    #expect(numbers.labels == ["NA", "4"])
    let texts = try read(.texts("u", ["?", "a"])) { $0.missingTexts = ["?"] }
    #expect(texts.labels == ["NA", "a"])
  }

  @Test func `records are texts`() throws {
    let stream = ArrowTestStream([
      "a,b": .doubles([1.5, nil]), "d": .numbers("tdD", [0, 1]), "t": .texts("u", ["x,y", "z"]),
    ])
    var records: [String] = []
    try stream { pointer in
      let reader = try TableReader([ArrowTable(moving: pointer, name: "t")])
      try reader.read([], transform: { $0 }) { chunk in
        chunk.rows.forEachRecord(chunk.rowCount) { records.append(String(decoding: $0, as: UTF8.self)) }
      }
    }
    #expect(records == ["1.5,1970-01-01,\"x,y\"", "NA,1970-01-02,z"])
  }
}
