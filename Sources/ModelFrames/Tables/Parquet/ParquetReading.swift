// SPDX-License-Identifier: GPL-2.0-or-later

/// One pass over Parquet files: their columns by one run of DuckDB, the rows by another.
final class ParquetReading: TableReading {
  let layout: TableLayout
  let hasRows: Bool
  let isShort = false
  private let table: ParquetTable
  private let options: ReadingOptions
  private let columns: [ParquetColumn]
  /// Of the pass, with the columns that it was begun for.
  private var pass: (requests: [ColumnRequest], selection: ParquetSelection, reading: TextReading)?

  /// - Throws: `DataError`
  init(_ table: ParquetTable, _ options: ReadingOptions) throws(DataError) {
    (self.table, self.options) = (table, Self.textOptions(options))
    columns = try Self.columns(table)
    layout = TableLayout(name: table.name, columnNames: columns.map(\.name))
    hasRows = try Self.records("SELECT 1 AS one FROM \(table.rows) LIMIT 1", table).count > 1
  }

  /// The text is DuckDB's, whatever files of text look like.
  private static func textOptions(_ options: ReadingOptions) -> ReadingOptions {
    var options = options
    options.encoding = .utf8
    options.decimalComma = false
    options.separator = UInt8(ascii: ",")
    return options
  }

  private static func columns(_ table: ParquetTable) throws(DataError) -> [ParquetColumn] {
    let query = "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM \(table.rows))"
    let columns = try records(query, table).dropFirst().map { ParquetColumn(name: $0[0], type: $0[1]) }
    guard !columns.isEmpty else { throw DataError(.noColumns, file: table.name) }
    return columns
  }

  /// All of a short result.
  private static func records(
    _ query: String, _ table: ParquetTable
  ) throws(DataError) -> [[String]] {
    let output = try table.output(of: query)
    var bytes: [UInt8] = []
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
    defer { piece.deallocate() }
    while true {
      let count = try output.read(into: piece)
      if count == 0 { break }
      bytes += piece[..<count]
    }
    return delimitedFields(bytes)
  }

  var labelColumns: Set<String> { Set(columns.filter(\.isLabel).map(\.name)) }

  func kind(of column: String) throws(DataError) -> ColumnKind { try self.column(column).columnKind }

  private func column(_ name: String) throws(DataError) -> ParquetColumn {
    guard let column = columns.first(where: { $0.name == name }) else {
      throw DataError(.unknownColumn(available: layout.columnNames), file: layout.name, column: name)
    }
    return column
  }

  func first(_ requests: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    guard hasRows else { return nil }
    if pass == nil { try begin(requests) }
    let (selection, reading) =
      pass!.requests == requests ? (pass!.selection, pass!.reading) : try opened(requests)
    return try reading.first(selection.inner).map { ParquetRows($0, selection, layout) }
  }

  func next(_ requests: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    if pass?.requests != requests { try begin(requests) }
    return try pass!.reading.next(pass!.selection.inner).map { ParquetRows($0, pass!.selection, layout) }
  }

  private func begin(_ requests: [ColumnRequest]) throws(DataError) {
    let (selection, reading) = try opened(requests)
    pass = (requests, selection, reading)
  }

  private func opened(
    _ requests: [ColumnRequest]
  ) throws(DataError) -> (ParquetSelection, TextReading) {
    var wanted: [ParquetColumn] = []
    for request in requests {
      let column = try column(request.name)
      if case .unreadable = column.kind {
        throw DataError(
          .malformedBatch("values of the type \(column.type) cannot be used"), file: layout.name,
          column: request.name)
      }
      wanted.append(column)
    }
    let selection = ParquetSelection(
      requests, wanted, records: options.wantsRecords ? columns : [], from: table.rows)
    return (selection, try TextReading(.output(of: table, query: selection.query), options))
  }
}

/// What is asked of DuckDB, and where in its text the columns are that were asked for.
struct ParquetSelection: Sendable {
  let query: String
  /// Of the text, the columns of records before them.
  let inner: [ColumnRequest]
  let recordFields: Int
  /// Of every request, the places among `inner` of its numbers and labels; −1 where it has none.
  private let places: [(numbers: Int, labels: Int)]

  init(
    _ requests: [ColumnRequest], _ columns: [ParquetColumn], records: [ParquetColumn], from rows: String
  ) {
    var expressions = records.enumerated().map { "\(ParquetTable.identifier($1.name)) AS r\($0)" }
    var inner: [ColumnRequest] = []
    func add(_ expression: String, _ request: ColumnRequest, numbers: Bool, labels: Bool) -> Int {
      var one = ColumnRequest(name: "c\(inner.count)", wantsNumbers: numbers, wantsLabels: labels)
      one.kind = request.kind
      inner.append(one)
      expressions.append("\(expression) AS \(one.name)")
      return inner.count - 1
    }
    places = zip(requests, columns).map { request, column in
      let own = request.wantsNumbers ? column.numberExpression : nil
      let numbers = own.map { add($0, request, numbers: true, labels: false) }
      let readsNumbers = request.wantsNumbers && own == nil
      guard request.wantsLabels || readsNumbers else { return (numbers ?? -1, -1) }
      let labels = add(
        column.labelExpression, request, numbers: readsNumbers, labels: request.wantsLabels)
      return (numbers ?? (readsNumbers ? labels : -1), request.wantsLabels ? labels : -1)
    }
    if expressions.isEmpty { expressions = ["1 AS c0"] }
    (self.inner, recordFields) = (inner, records.count)
    query = "SELECT \(expressions.joined(separator: ", ")) FROM \(rows)"
  }

  /// The columns as they were asked for.
  func columns(_ inner: [ColumnChunk]) -> [ColumnChunk] {
    places.map { place in
      var chunk = ColumnChunk()
      if place.numbers >= 0 { chunk.numbers = inner[place.numbers].numbers }
      if place.labels >= 0 {
        (chunk.codes, chunk.labels) = (inner[place.labels].codes, inner[place.labels].labels)
      }
      return chunk
    }
  }
}

/// Consecutive rows of Parquet files, from rows of text.
struct ParquetRows: TableRows {
  let layout: TableLayout
  private let inner: any TableRows
  private let selection: ParquetSelection

  init(_ inner: any TableRows, _ selection: ParquetSelection, _ layout: TableLayout) {
    (self.inner, self.selection, self.layout) = (inner, selection, layout)
  }

  var bytesRead: Int { inner.bytesRead }

  func chunk() -> TableChunk {
    let text = inner.chunk()
    let failure = text.failure.map { failure in
      { @Sendable () -> any Error in
        guard var error = failure() as? DataError else { return failure() }
        (error.row, error.line) = (error.line.map { $0 - 1 }, nil)
        return error
      }
    }
    return TableChunk(
      rowCount: text.rowCount, columns: selection.columns(text.columns), rows: self,
      missingTexts: text.missingTexts, failure: failure)
  }

  /// Lines but for the header are rows; labels with line ends in them make it a later one.
  func place(ofRow row: Int) -> RowPlace {
    RowPlace(file: layout.name, row: (inner.place(ofRow: row).line ?? 1) - 1)
  }

  func forEachRecord(
    _ count: Int, _ body: (_ record: UnsafeBufferPointer<UInt8>) throws -> Void
  ) rethrows {
    let fields = selection.recordFields
    try inner.forEachRecord(count) { record in
      try body(UnsafeBufferPointer(rebasing: record[..<endOfField(fields, in: record)]))
    }
  }
}

/// Where so many fields of a record end.
private func endOfField(_ count: Int, in record: UnsafeBufferPointer<UInt8>) -> Int {
  var (fields, isQuoted) = (0, false)
  for (k, byte) in record.enumerated() {
    if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
    guard byte == UInt8(ascii: ","), !isQuoted else { continue }
    fields += 1
    if fields == count { return k }
  }
  return record.count
}

/// The records of a short text in RFC 4180's form.
func delimitedFields(_ text: [UInt8]) -> [[String]] {
  var (records, record, field): ([[String]], [String], [UInt8]) = ([], [], [])
  var (isQuoted, wasQuote) = (false, false)
  func endField() {
    record.append(String(decoding: field, as: UTF8.self))
    field = []
  }
  for byte in text {
    if byte == UInt8(ascii: "\"") {
      if wasQuote, !isQuoted { field.append(byte) }
      isQuoted.toggle()
      wasQuote = !isQuoted
      continue
    }
    wasQuote = false
    switch byte {
    case UInt8(ascii: ",") where !isQuoted: endField()
    case UInt8(ascii: "\n") where !isQuoted:
      endField()
      records.append(record)
      record = []
    case UInt8(ascii: "\r") where !isQuoted: break
    default: field.append(byte)
    }
  }
  return records
}
