// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import ModelFrames
import TestSupport
import Testing

/// What is asked of DuckDB and made of its answers; a script stands in for the program.
@Suite struct ParquetTests {
  private static let types = """
    column_name,column_type
    n,BIGINT
    f,FLOAT
    day,DATE
    at,TIMESTAMP WITH TIME ZONE
    ok,BOOLEAN
    "text, ""quoted\""",VARCHAR
    raw,BLOB
    price,"DECIMAL(10,2)"
    nested,"INTEGER[]"

    """

  private let folder: TemporaryFolder
  private let table: ParquetTable

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(Self.types, to: "types")
    try folder.write(
      """
      #!/bin/sh
      cd "$(dirname "$0")"
      printf '%s\\n' "$4" >> queries
      case "$4" in
      *DESCRIBE*) cat types ;;
      *"SELECT 1 AS one"*) printf 'one\\n1\\n' ;;
      *) cat rows; test ! -e failure || { cat failure >&2; exit 1; } ;;
      esac

      """, to: "duckdb")
    chmod(folder.file("duckdb"), 0o755)
    var table = ParquetTable(path: "d'ata/*.parquet")
    table.program = folder.file("duckdb")
    self.table = table
  }

  private func read(
    _ requests: [(String, numbers: Bool, labels: Bool)], rows: String,
    _ change: (inout ReadingOptions) -> Void = { _ in }
  ) throws -> (columns: [ColumnChunk], records: [String]) {
    try folder.write(rows, to: "rows")
    var options = ReadingOptions()
    change(&options)
    let reader = try TableReader([table], options: options)
    let wanted = requests.map {
      ColumnRequest(name: $0.0, wantsNumbers: $0.numbers, wantsLabels: $0.labels)
    }
    var (columns, records): ([ColumnChunk], [String]) = ([], [])
    try reader.read(wanted, transform: { $0 }) { chunk in
      columns = chunk.columns
      chunk.rows.forEachRecord(chunk.rowCount) { records.append(String(decoding: $0, as: UTF8.self)) }
    }
    return (columns, records)
  }

  private var lastQuery: String {
    get throws { try folder.text("queries").split(separator: "\n").last.map(String.init) ?? "" }
  }

  @Test func `types say what columns are`() throws {
    let reader = try TableReader([table])
    let kinds = try ["n", "f", "day", "at", "ok", "text, \"quoted\"", "raw", "price"].map {
      try reader.kind(of: $0)
    }
    #expect(
      kinds == [
        .numeric, .numeric, .numeric, .numeric, .logical, .categorical, .categorical, .numeric,
      ])
    #expect(reader.declaredLabels == ["text, \"quoted\"", "raw"])
    #expect(throws: DataError.self) { try reader.kind(of: "N") }
  }

  @Test func `only what is asked for is selected, dates as days and as dates`() throws {
    let (columns, _) = try read(
      [("day", true, true), ("f", true, false), ("text, \"quoted\"", false, true)],
      rows: "c0,c1,c2,c3\n20787,2026-11-30,0.10000000149011612,\"a,b\"\nNA,NA,NA,NA\n")
    #expect(columns[0].numbers[0] == 20787 && columns[0].numbers[1].isNaN)
    #expect(columns[0].labels.labels == ["2026-11-30"] && columns[0].codes == [0, -1])
    #expect(columns[1].numbers[0] == Double(Float(0.1)))
    #expect(columns[2].labels.labels == ["a,b"] && columns[2].codes == [0, -1])
    let query = try lastQuery
    #expect(
      query.contains(
        "SELECT date_diff('day', DATE '1970-01-01', \"day\") AS c0, CAST(\"day\" AS VARCHAR) AS c1, "
          + "CAST(\"f\" AS DOUBLE) AS c2, \"text, \"\"quoted\"\"\" AS c3 FROM read_parquet(['d''ata/*.parquet'])"))
  }

  @Test func `records are all columns, without those that are read`() throws {
    let (columns, records) = try read(
      [("n", true, false)], rows: "r0,r1,c0\n7,\"x,\"\"y\",7\n8,NA,8\n", { $0.wantsRecords = true })
    #expect(columns[0].numbers == [7, 8])
    // Nine columns are selected as records; this answer has fewer, so that the record is whole.
    #expect(records.first?.hasPrefix("7,\"x,\"\"y\"") == true)
    #expect(try lastQuery.contains("\"n\" AS r0, \"f\" AS r1"))
  }

  @Test func `what cannot be read names the column, and what fails says why`() throws {
    let nested = #expect(throws: DataError.self) { try read([("nested", true, false)], rows: "c0\n1\n") }
    #expect(nested?.column == "nested" && "\(nested!)".contains("values of the type INTEGER[] cannot be used"))
    let wrong = #expect(throws: DataError.self) { try read([("n", true, false)], rows: "c0\n1\nx\n") }
    #expect(wrong?.row == 2 && wrong?.line == nil && wrong?.file == "d'ata/*.parquet")
    try folder.write("IO Error: the disk is on fire\n", to: "failure")
    let failed = #expect(throws: DataError.self) { try read([("n", true, false)], rows: "c0\n1\n") }
    #expect("\(failed!)".contains("DuckDB cannot read it (IO Error: the disk is on fire)"))
  }

  @Test func `without DuckDB it is said where to get it`() throws {
    var table = table
    table.program = folder.file("no-such-program")
    let missing = #expect(throws: DataError.self) { try TableReader([table]) }
    #expect("\(missing!)".contains("pip install duckdb-cli"))
  }

  @Test func `a file that is named twice is refused`() throws {
    #expect(throws: DataError(.namedTwice(table.name), file: table.name)) {
      try TableReader([table, table])
    }
  }
}
