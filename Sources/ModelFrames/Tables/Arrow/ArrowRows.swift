// SPDX-License-Identifier: GPL-2.0-or-later

/// Consecutive rows of a table of Arrow batches.
///
/// `@unchecked Sendable`: the batches do not change, and live as long as the slices.
struct ArrowRows: TableRows, @unchecked Sendable {
  let layout: TableLayout
  let descriptions: [ArrowColumnDescription]
  let slices: [ArrowSlice]
  /// Rows of the table before these.
  let firstRow: Int
  let requests: [ColumnRequest]
  /// For every request.
  let pieces: [[ArrowPiece]]
  let missing: MissingTexts

  var bytesRead: Int { 0 }
  private var count: Int { slices.reduce(0) { $0 + $1.rows.count } }

  func place(ofRow row: Int) -> RowPlace { RowPlace(file: layout.name, row: firstRow + row + 1) }

  private var columns: ArrowPieces {
    ArrowPieces(count: count, requests: requests, pieces: pieces, missing: missing)
  }

  func labelKind(_ column: Int) -> ColumnKind { columns.labelKind(column) }

  func chunk() -> TableChunk { columns.chunk(of: self) }

  /// Values of types that are not read are NA.
  func forEachRecord(
    _ count: Int, _ body: (_ record: UnsafeBufferPointer<UInt8>) throws -> Void
  ) rethrows {
    var left = count
    for slice in slices where left > 0 {
      let columns = descriptions.indices.map { k in
        var labels = ArrowLabels()
        if let column = try? ArrowColumn(slice.batch, column: k, descriptions[k].type) {
          column.appendLabels(slice.rows, to: &labels)
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
