// SPDX-License-Identifier: GPL-2.0-or-later
import ParquetFiles

/// Consecutive rows of one file.
struct ParquetSegment: Sendable {
  let path: String
  /// In the file.
  let firstRow: Int
  let count: Int
  /// For every request.
  let columns: [[ParquetCursor.Piece]]
  /// Of all columns, where rows are written as text; nil for one that cannot be read.
  let records: [[ParquetCursor.Piece]?]
}

/// Consecutive rows of Parquet files, whose pages are read and decoded on whatever thread asks first.
struct ParquetRows: TableRows {
  let layout: TableLayout
  let segments: [ParquetSegment]
  /// Of the chunk: neighbours begin with other columns, so that they do not wait for each other's pages.
  let index: Int
  let bytesRead: Int
  let requests: [ColumnRequest]
  let missing: MissingTexts

  private var count: Int { segments.reduce(0) { $0 + $1.count } }

  func place(ofRow row: Int) -> RowPlace {
    var row = row
    for segment in segments {
      if row < segment.count { return RowPlace(file: segment.path, row: segment.firstRow + row + 1) }
      row -= segment.count
    }
    let last = segments.last!
    return RowPlace(file: last.path, row: last.firstRow + last.count + row + 1)
  }

  func chunk() -> TableChunk {
    do throws(DataError) {
      try decode()
      return try decoded()
    } catch {
      let failure = error
      return TableChunk(
        rowCount: 0, columns: requests.map { _ in ColumnChunk() }, rows: self, failure: { failure })
    }
  }

  /// What the labels of the only column look like.
  ///
  /// - Throws: `DataError`
  func labelKind() throws(DataError) -> ColumnKind {
    var found: ColumnKind?
    try withPieces([(0, isExpanded: false)]) { found = $0.labelKind(0) }
    return found ?? .empty
  }

  /// Has all pages decoded, so that what is wrong with them is known.
  private func decode() throws(DataError) {
    for k in requests.indices {
      let column = (k + index) % requests.count
      for segment in segments {
        try check(segment.columns[column], segment, requests[column].name)
      }
    }
    for segment in segments {
      for (name, pieces) in zip(layout.columnNames, segment.records) {
        if let pieces { try check(pieces, segment, name) }
      }
    }
  }

  private func check(
    _ pieces: [ParquetCursor.Piece], _ segment: ParquetSegment, _ name: String
  ) throws(DataError) {
    do throws(ParquetFault) {
      for piece in pieces { _ = try piece.page.values() }
    } catch {
      throw error.error(segment.path, column: name)
    }
  }

  /// Numbers are read from values, labels from places in dictionaries where there are any.
  private func decoded() throws(DataError) -> TableChunk {
    var parts: [(column: Int, isExpanded: Bool)] = []
    for (k, request) in requests.enumerated() {
      if request.wantsNumbers { parts.append((k, isExpanded: true)) }
      if request.wantsLabels { parts.append((k, isExpanded: false)) }
    }
    var chunk: TableChunk?
    try withPieces(parts) { chunk = $0.chunk(of: self) }
    let made = chunk!
    var columns = requests.map { _ in ColumnChunk() }
    for (part, column) in zip(parts, made.columns) {
      if part.isExpanded {
        columns[part.column].numbers = column.numbers
      } else {
        (columns[part.column].codes, columns[part.column].labels) = (column.codes, column.labels)
      }
    }
    return TableChunk(
      rowCount: made.rowCount, columns: columns, rows: self, missingTexts: made.missingTexts,
      failure: made.failure)
  }

  /// Calls `body` with some columns as those of Arrow batches, which live as long as the call.
  private func withPieces(
    _ parts: [(column: Int, isExpanded: Bool)], _ body: (ArrowPieces) -> Void
  ) throws(DataError) {
    var owners: [ParquetValues] = []
    var pieces: [[ArrowPiece]] = []
    for part in parts {
      var ofColumn: [ArrowPiece] = []
      for segment in segments {
        do throws(ParquetFault) {
          for piece in segment.columns[part.column] {
            let all = try piece.page.values()
            let (values, rows) = part.isExpanded ? all.expanded(piece.rows) : (all, piece.rows)
            owners.append(values)
            ofColumn.append(ArrowPiece(column: ArrowColumn(values), rows: rows))
          }
        } catch {
          throw error.error(segment.path, column: requests[part.column].name)
        }
      }
      pieces.append(ofColumn)
    }
    let partRequests = parts.map { part in
      var request = requests[part.column]
      (request.wantsNumbers, request.wantsLabels) = (part.isExpanded, !part.isExpanded)
      return request
    }
    withExtendedLifetime(owners) {
      body(ArrowPieces(count: count, requests: partRequests, pieces: pieces, missing: missing))
    }
  }

  func forEachRecord(
    _ count: Int, _ body: (_ record: UnsafeBufferPointer<UInt8>) throws -> Void
  ) rethrows {
    var left = count
    for segment in segments where left > 0 {
      let columns = segment.records.map { pieces in
        var labels = ArrowLabels()
        for piece in pieces ?? [] {
          guard let values = try? piece.page.values() else { continue }
          withExtendedLifetime(values) { ArrowColumn($0).appendLabels(piece.rows, to: &labels) }
        }
        return labels
      }
      let taken = min(segment.count, left)
      try ModelFrames.forEachRecord(of: columns, taken, body)
      left -= taken
    }
  }
}
