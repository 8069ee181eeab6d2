// SPDX-License-Identifier: GPL-2.0-or-later
import ParquetFiles

/// One pass over Parquet files, cut by the position of their rows, whatever files, row groups and pages they are in.
final class ParquetReading: TableReading {
  let layout: TableLayout
  private let table: ParquetTable
  private let files: [String]
  private let wantsRecords: Bool
  private let missing: MissingTexts
  private let chunkRows: Int
  /// The first with rows, or else the first.
  private let first: OpenFile
  private let firstIndex: Int
  private var pass: ParquetPass

  /// Reads what the files up to the first with rows say of themselves.
  ///
  /// - Throws: `DataError`
  init(_ table: ParquetTable, _ options: ReadingOptions) throws(DataError) {
    (self.table, files) = (table, table.files)
    wantsRecords = options.wantsRecords
    missing = MissingTexts(options)
    chunkRows = min(max(1, options.chunkBytes / 32), 1 << 24)
    var index = 0
    var file = try OpenFile(files[0])
    while file.rowCount == 0, index + 1 < files.count {
      index += 1
      file = try OpenFile(files[index])
    }
    (first, firstIndex) = (file, index)
    pass = ParquetPass(nextFile: index)
    layout = TableLayout(name: table.name, columnNames: file.columns.map(\.name))
  }

  var hasRows: Bool { first.rowCount > 0 }
  var isShort: Bool { firstIndex + 1 == files.count && first.rowCount <= chunkRows }
  var labelColumns: Set<String> { Set(first.columns.filter { $0.type == .text }.map(\.name)) }

  func kind(of column: String) throws(DataError) -> ColumnKind {
    if let kind = ArrowType(first.columns[try first.position(of: column, layout)].type).kind { return kind }
    let request = ColumnRequest(name: column, wantsNumbers: false, wantsLabels: true)
    guard let rows = try self.first([request]) as? ParquetRows else { return .categorical }
    let kind = try rows.labelKind()
    return kind == .empty ? .categorical : kind
  }

  /// Those of a pass of its own, so that they are cut as the first of every pass.
  func first(_ requests: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    var own = ParquetPass(nextFile: firstIndex)
    return hasRows ? try next(requests, &own) : nil
  }

  func next(_ requests: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    var current = pass
    defer { pass = current }
    return try next(requests, &current)
  }

  private func next(
    _ requests: [ColumnRequest], _ pass: inout ParquetPass
  ) throws(DataError) -> ParquetRows? {
    var segments: [ParquetSegment] = []
    let index = pass.row / chunkRows
    var left = chunkRows
    while left > 0, try begin(requests, &pass) {
      let (file, columns, row) = pass.current!
      let count = min(left, file.rowCount - row)
      segments.append(try columns.segment(row..<row + count))
      left -= count
      if row + count == file.rowCount {
        pass.bytesRead += file.file.byteCount
        pass.current = nil
      } else {
        pass.current!.row = row + count
      }
    }
    guard !segments.isEmpty else { return nil }
    pass.row += chunkRows - left
    let share = pass.current.map { $0.file.file.byteCount / $0.file.rowCount * $0.row } ?? 0
    return ParquetRows(
      layout: layout, segments: segments, index: index, bytesRead: pass.bytesRead + share,
      requests: requests, missing: missing)
  }

  /// Whether there is a file with rows left, which is then the current one.
  private func begin(
    _ requests: [ColumnRequest], _ pass: inout ParquetPass
  ) throws(DataError) -> Bool {
    while pass.current == nil {
      guard pass.nextFile < files.count else { return false }
      let file = pass.nextFile == firstIndex ? first : try OpenFile(files[pass.nextFile])
      pass.nextFile += 1
      guard file.rowCount > 0 else { continue }
      if file !== first { try requireSameKinds(requests, file) }
      let columns = try ParquetColumns(file, requests, layout, wantsRecords: wantsRecords)
      pass.current = (file, columns, row: 0)
    }
    return true
  }
}

/// How far a pass has come.
private struct ParquetPass {
  var nextFile: Int
  /// The next row is one of the file's.
  var current: (file: OpenFile, columns: ParquetColumns, row: Int)?
  /// Of all files.
  var row = 0
  /// Of the files before the current one.
  var bytesRead = 0

  init(nextFile: Int) { self.nextFile = nextFile }
}

extension ParquetReading {
  /// Files may have numbers of different sizes, but not numbers and texts, in one column.
  private func requireSameKinds(_ requests: [ColumnRequest], _ file: OpenFile) throws(DataError) {
    for name in requests.map(\.name) {
      let known = ArrowType(first.columns[try first.position(of: name, layout)].type).words
      let other = ArrowType(file.columns[try file.position(of: name, layout)].type).words
      guard let known, let other, known != other else { continue }
      throw DataError(
        .unsuitable(
          "column \(inDoubleQuotes(name)) has \(other), and in \(first.path) it has \(known).",
          remedy: "Write both files with one type."),
        file: file.path, column: name)
    }
  }
}

/// A file under way.
final class OpenFile {
  let path: String
  let file: ParquetFile
  var rowCount: Int { file.rowCount }
  var columns: [ParquetFile.Column] { file.columns }

  /// - Throws: `DataError`
  init(_ path: String) throws(DataError) {
    self.path = path
    guard let status = FileStatus(path: path) else { throw DataError(.fileNotFound, file: path) }
    guard !status.isDirectory else { throw DataError(.isDirectory, file: path) }
    do throws(ParquetFault) { file = try ParquetFile(path) } catch { throw error.error(path) }
    guard !file.columns.isEmpty else { throw DataError(.noColumns, file: path) }
  }

  /// - Throws: `DataError` for a column that is not there, or twice.
  func position(of name: String, _ layout: TableLayout) throws(DataError) -> Int {
    let places = columns.indices.filter { !name.isEmpty && columns[$0].name == name }
    guard let place = places.first else {
      throw DataError(.unknownColumn(available: columns.map(\.name)), file: path, column: name)
    }
    guard places.count == 1 else { throw DataError(.duplicateColumn, file: path, column: name) }
    return place
  }
}

/// The columns of a file that are read, each found page by page.
struct ParquetColumns {
  private let file: OpenFile
  private let names: [String]
  private let cursors: [ParquetCursor]
  /// Of all columns, where rows are written as text; nil for those that cannot be read.
  private let records: [(name: String, cursor: ParquetCursor?)]

  /// - Throws: `DataError` for a column that is not there, or cannot be read.
  init(
    _ file: OpenFile, _ requests: [ColumnRequest], _ layout: TableLayout, wantsRecords: Bool
  ) throws(DataError) {
    self.file = file
    names = requests.map(\.name)
    var cursors: [ParquetCursor] = []
    for name in names {
      let place = try file.position(of: name, layout)
      if case .unreadable(let words) = file.columns[place].type {
        throw DataError(.malformedBatch("\(words) cannot be used"), file: file.path, column: name)
      }
      cursors.append(ParquetCursor(file.file, column: place))
    }
    self.cursors = cursors
    guard wantsRecords else {
      records = []
      return
    }
    records = try layout.columnNames.map { (name) throws(DataError) in
      let place = try file.position(of: name, layout)
      guard case .unreadable = file.columns[place].type else {
        return (name, ParquetCursor(file.file, column: place))
      }
      return (name, nil)
    }
  }

  /// Rows of the file, none of which stands before those of earlier calls.
  ///
  /// - Throws: `DataError`
  func segment(_ rows: Range<Int>) throws(DataError) -> ParquetSegment {
    func pieces(_ cursor: ParquetCursor, _ name: String) throws(DataError) -> [ParquetCursor.Piece] {
      do throws(ParquetFault) { return try cursor.pieces(rows) } catch {
        throw error.error(file.path, column: name)
      }
    }
    var columns: [[ParquetCursor.Piece]] = []
    for (cursor, name) in zip(cursors, names) { columns.append(try pieces(cursor, name)) }
    var all: [[ParquetCursor.Piece]?] = []
    for (name, cursor) in records {
      guard let cursor else {
        all.append(nil)
        continue
      }
      all.append(try pieces(cursor, name))
    }
    return ParquetSegment(
      path: file.path, firstRow: rows.lowerBound, count: rows.count, columns: columns, records: all)
  }
}
