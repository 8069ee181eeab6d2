// SPDX-License-Identifier: GPL-2.0-or-later

/// One pass over the rows of a table in memory, cut by their position.
final class ColumnReading: TableReading {
  let layout: TableLayout
  private let table: ColumnTable
  private let missing: MissingTexts
  private let chunkRows: Int
  private var wanted: [WantedColumn]?  // of the pass
  private var next = 0  // row

  init(_ table: ColumnTable, _ options: ReadingOptions) {
    self.table = table
    layout = TableLayout(name: table.name, columnNames: table.columns.map(\.name))
    missing = MissingTexts(options)
    chunkRows = min(max(1, options.chunkBytes / 32), 1 << 24)
  }

  var hasRows: Bool { table.rowCount > 0 }
  var labelColumns: Set<String> {
    Set(table.columns.filter(\.column.areLabels).map(\.name))
  }
  var isShort: Bool { table.rowCount <= chunkRows }

  func kind(of column: String) throws(DataError) -> ColumnKind {
    try self.column(column).kind(missing)
  }

  func first(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    hasRows ? rows(from: 0, try wanted(columns)) : nil
  }

  func next(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    let wanted = if let wanted { wanted } else { try self.wanted(columns) }
    self.wanted = wanted
    guard next < table.rowCount else { return nil }
    defer { next += chunkRows }
    return rows(from: next, wanted)
  }

  private func rows(from first: Int, _ columns: [WantedColumn]) -> ColumnRows {
    ColumnRows(
      layout: layout, table: table, range: first..<min(first + chunkRows, table.rowCount),
      wanted: columns, missing: missing)
  }

  private func wanted(_ requests: [ColumnRequest]) throws(DataError) -> [WantedColumn] {
    try requests.map { (request) throws(DataError) in
      WantedColumn(request, try column(request.name), missing)
    }
  }

  private func column(_ name: String) throws(DataError) -> ColumnTable.Column {
    if let found = table.columns.first(where: { $0.name == name }) { return found.column }
    throw DataError(.unknownColumn(available: layout.columnNames), file: layout.name, column: name)
  }
}

/// Consecutive rows of a table in memory.
private struct ColumnRows: TableRows {
  let layout: TableLayout
  let table: ColumnTable
  let range: Range<Int>
  let wanted: [WantedColumn]
  let missing: MissingTexts

  var bytesRead: Int { 0 }

  func chunk() -> TableChunk {
    var met: Set<Int> = []
    var columns = wanted.map { $0.values(range, missing, &met) }
    let ends = wanted.map { $0.firstUnreadable(range) ?? range.upperBound }
    let end = ends.min() ?? range.upperBound
    let count = end - range.lowerBound
    var failure: (@Sendable () -> any Error)?
    if count < range.count, let k = ends.firstIndex(of: end) {
      for column in columns.indices { columns[column].cut(count) }
      let error = wanted[k].error(inRow: end, at: place(ofRow: count))
      failure = { error }
    }
    let texts = met.isEmpty ? [] : missing.texts
    return TableChunk(
      rowCount: count, columns: columns, rows: self, missingTexts: Set(met.map { texts[$0] }),
      failure: failure)
  }

  func place(ofRow row: Int) -> RowPlace {
    RowPlace(file: layout.name, row: range.lowerBound + row + 1)
  }

  func forEachRecord(
    _ count: Int, _ body: (_ record: UnsafeBufferPointer<UInt8>) throws -> Void
  ) rethrows {
    for row in range.prefix(count) {
      let fields = table.columns.map { FieldQuoting.encoded($0.column.text(ofRow: row)) }
      try Array(fields.joined(separator: ",").utf8).withUnsafeBufferPointer(body)
    }
  }
}
