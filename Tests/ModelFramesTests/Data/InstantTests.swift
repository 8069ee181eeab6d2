// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Testing

/// R 4.2: `as.numeric(as.Date(…))`, `as.numeric(as.POSIXct(…, tz = "UTC"))`.
@Suite struct `Dates and times` {
  private func read(
    _ values: [String], _ column: String = "d", _ change: (inout ReadingOptions) -> Void = { _ in }
  ) throws -> (kind: ColumnKind, numbers: [Double]) {
    let text = "\(column),n\n" + values.map { "\($0),1\n" }.joined()
    var options = ReadingOptions()
    change(&options)
    let reader = try TableReader([DataSource.bytes(Array(text.utf8), name: "d.csv")], options: options)
    let kind = try reader.kind(of: column)
    var numbers: [Double] = []
    try reader.read(
      [ColumnRequest(name: column, wantsNumbers: true, wantsLabels: false)],
      transform: { $0.columns[0].numbers }, consume: { numbers += $0 })
    return (kind, numbers)
  }

  @Test func `dates are days`() throws {
    let dates = try read(["1970-01-01", "2024-02-29", "NA", "1899-12-31", "0001-01-01", " 2000-03-01 "])
    #expect(dates.kind == .date)
    #expect(dates.numbers[0] == 0 && dates.numbers[1] == 19782 && dates.numbers[2].isNaN)
    #expect(Array(dates.numbers[3...]) == [-25568, -719_162, 11017])
  }

  @Test func `dates with a time of day are seconds`() throws {
    let times = try read([
      "2024-02-29T12:30:05Z", "2024-02-29 12:30", "2024-02-29T12:30:05.25+02:00", "1969-12-31T23:59:59-0130",
      "2024-02-29",
    ])
    #expect(times.kind == .dateTime)
    #expect(times.numbers == [1_709_209_805, 1_709_209_800, 1_709_202_605.25, 5399, 1_709_164_800])
    let clock = try read(["00:00", "23:59:59.5", "12:30:00"])
    #expect(clock.kind == .time)
    #expect(clock.numbers == [0, 86399.5, 45000])
  }

  @Test(arguments: [
    ["2024-02-30"], ["2023-02-29", "2024-01-01"], ["2024-13-01"], ["31.12.2024"], ["2024-01-01", "12:30"],
    ["2024-1-1"], ["2024-01-01x"], ["2024-01-01T"], ["24:00"], ["12:60"], ["a"],
  ])
  func `other texts are texts`(_ values: [String]) throws {
    let text = "d\n" + values.joined(separator: "\n") + "\n"
    let reader = try TableReader([DataSource.bytes(Array(text.utf8), name: "d.csv")])
    #expect(try reader.kind(of: "d") == .categorical)
  }

  @Test func `a later text that is none names its line`() throws {
    let error = #expect(throws: DataError.self) {
      try read((0..<40).map { _ in "2024-01-01" } + ["soon"]) { $0.chunkBytes = 64 }
    }
    #expect(error?.problem == .notAnInstant)
    #expect(error?.line == 42)
  }

  @Test func `labels in memory are dates where numbers are wanted of them`() throws {
    let table = try ColumnTable(["d": .labels(["2024-02-29", nil, "1970-01-02"])], name: "t")
    let reader = try TableReader([table])
    #expect(try reader.kind(of: "d") == .categorical)
    var numbers: [Double] = []
    try reader.read(
      [ColumnRequest(name: "d", wantsNumbers: true, wantsLabels: false)],
      transform: { $0.columns[0].numbers }, consume: { numbers += $0 })
    #expect(numbers[0] == 19782 && numbers[1].isNaN && numbers[2] == 1)
  }
}
