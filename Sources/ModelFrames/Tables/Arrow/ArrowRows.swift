// SPDX-License-Identifier: GPL-2.0-or-later

/// Consecutive rows of a table of Arrow batches, whose values are looked at on whatever thread asks.
struct ArrowRows: TableRows {
  let layout: TableLayout
  let descriptions: [ArrowColumnDescription]
  let slices: [ArrowSlice]
  /// Rows of the table before these.
  let firstRow: Int
  let requests: [ColumnRequest]
  /// For every request, the place of its column.
  let columns: [Int]
  let missing: MissingTexts

  var bytesRead: Int { slices.last.map { $0.batch.bytesRead(upTo: $0.rows.upperBound) } ?? 0 }
  private var count: Int { slices.reduce(0) { $0 + $1.rows.count } }

  func place(ofRow row: Int) -> RowPlace {
    var left = row
    for slice in slices {
      if left < slice.rows.count || slice.batch === slices.last!.batch {
        if let place = slice.batch.place(ofRow: slice.rows.lowerBound + left) { return place }
      }
      left -= slice.rows.count
    }
    return RowPlace(file: layout.name, row: firstRow + row + 1)
  }

  /// Calls `body` with the columns, whose values live as long as the call.
  private func withPieces<Result>(_ body: (ArrowPieces) -> Result) throws(DataError) -> Result {
    var pieces: [[ArrowPiece]] = []
    for column in columns {
      var ofColumn: [ArrowPiece] = []
      for slice in slices {
        ofColumn.append(try slice.batch.piece(column, descriptions[column], slice.rows, of: layout.name))
      }
      pieces.append(ofColumn)
    }
    return withExtendedLifetime(pieces) {
      body(ArrowPieces(count: count, requests: requests, pieces: pieces, missing: missing))
    }
  }

  /// What the labels of the only column look like.
  ///
  /// - Throws: `DataError`
  func labelKind() throws(DataError) -> ColumnKind { try withPieces { $0.labelKind(0) } }

  func chunk() -> TableChunk {
    do throws(DataError) {
      return try withPieces { $0.chunk(of: self) }
    } catch {
      let failure = error
      return TableChunk(
        rowCount: 0, columns: requests.map { _ in ColumnChunk() }, rows: self, failure: { failure })
    }
  }

  /// Values of types that are not read are NA.
  func forEachRecord(
    _ count: Int, _ body: (_ record: UnsafeBufferPointer<UInt8>) throws -> Void
  ) rethrows {
    var left = count
    for slice in slices where left > 0 {
      let columns = descriptions.indices.map { k in
        var labels = ArrowLabels()
        if let piece = try? slice.batch.piece(k, descriptions[k], slice.rows, of: layout.name) {
          withExtendedLifetime(piece) { piece.column.appendLabels(piece.rows, to: &labels) }
        }
        return labels
      }
      try ModelFrames.forEachRecord(of: columns, min(slice.rows.count, left), body)
      left -= min(slice.rows.count, left)
    }
  }
}

/// Writes rows as text, from the labels of all columns; NA where there is none.
func forEachRecord(
  of columns: [ArrowLabels], _ count: Int, _ body: (_ record: UnsafeBufferPointer<UInt8>) throws -> Void
) rethrows {
  for row in 0..<count {
    let fields = columns.map { labels -> String in
      guard row < labels.codes.count, labels.codes[row] >= 0 else { return "NA" }
      return FieldQuoting.encoded(labels.dictionary.label(labels.codes[row]))
    }
    try Array(fields.joined(separator: ",").utf8).withUnsafeBufferPointer(body)
  }
}
