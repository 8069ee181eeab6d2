// SPDX-License-Identifier: GPL-2.0-or-later

/// One pass over a table of Arrow batches, cut by the position of its rows.
final class ArrowReading: TableReading {
  let layout: TableLayout
  private let source: any ArrowBatchSource
  private let descriptions: [ArrowColumnDescription]
  private let missing: MissingTexts
  private let chunkRows: Int
  private var pending: [ArrowSlice] = []  // taken from the stream, not given out
  private var pendingRows = 0
  private var nextBatch = 0
  private var row = 0  // the next to be given out
  private var isAtEnd = false
  private var failure: DataError?  // after the pending rows

  /// Takes the batches of the first rows.
  init(
    _ source: any ArrowBatchSource, name: String, columns: [ArrowColumnDescription], _ options: ReadingOptions
  ) throws(DataError) {
    self.source = source
    descriptions = columns
    layout = TableLayout(name: name, columnNames: columns.map(\.name))
    missing = MissingTexts(options)
    chunkRows = min(max(1, options.chunkBytes / 32), 1 << 24)
    fill()
    if pendingRows == 0, let failure { throw failure }
  }

  var hasRows: Bool { pendingRows > 0 || row > 0 }
  var isShort: Bool { isAtEnd && pendingRows <= chunkRows && failure == nil }
  var labelColumns: Set<String> { Set(descriptions.filter(\.type.isLabel).map(\.name)) }

  func kind(of column: String) throws(DataError) -> ColumnKind {
    if let kind = descriptions[try position(of: column)].type.kind { return kind }
    let request = ColumnRequest(name: column, wantsNumbers: false, wantsLabels: true)
    guard let rows = try first([request]) as? ArrowRows else { return .categorical }
    let kind = try rows.labelKind()
    return kind == .empty ? .categorical : kind
  }

  func first(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    guard pendingRows > 0 else { return nil }
    var slices: [ArrowSlice] = []
    var left = chunkRows
    for slice in pending where left > 0 {
      let count = min(slice.rows.count, left)
      slices.append(ArrowSlice(batch: slice.batch, rows: slice.rows.prefix(count)))
      left -= count
    }
    return try rows(slices, columns)
  }

  func next(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    fill()
    guard pendingRows > 0 else {
      if let failure { throw failure }
      return nil
    }
    var slices: [ArrowSlice] = []
    var left = min(chunkRows, pendingRows)
    let count = left
    var used = 0
    while left > 0 {
      let slice = pending[used]
      guard slice.rows.count > left else {
        slices.append(slice)
        left -= slice.rows.count
        used += 1
        continue
      }
      slices.append(ArrowSlice(batch: slice.batch, rows: slice.rows.prefix(left)))
      pending[used] = ArrowSlice(batch: slice.batch, rows: slice.rows.dropFirst(left))
      left = 0
    }
    pending.removeFirst(used)
    let rows = try rows(slices, columns)
    (pendingRows, row) = (pendingRows - count, row + count)
    return rows
  }

  /// Takes batches until there is a chunk, and none that is empty.
  private func fill() {
    while pendingRows < chunkRows, !isAtEnd, failure == nil {
      do throws(DataError) {
        guard let batch = try source.batch(nextBatch) else {
          isAtEnd = true
          return
        }
        nextBatch += 1
        if batch.rowCount > 0 { pending.append(ArrowSlice(batch: batch, rows: 0..<batch.rowCount)) }
        pendingRows += batch.rowCount
      } catch {
        failure = error
      }
    }
  }

  private func rows(
    _ slices: [ArrowSlice], _ requests: [ColumnRequest]
  ) throws(DataError) -> ArrowRows {
    var columns: [Int] = []
    for request in requests {
      let position = try position(of: request.name)
      if case .unreadable(let format) = descriptions[position].type {
        throw DataError(
          .malformedBatch("values of the Arrow type \(ArrowType.described(format)) cannot be used"), file: slices[0].file ?? layout.name,
          column: request.name)
      }
      columns.append(position)
    }
    return ArrowRows(
      layout: layout, descriptions: descriptions, slices: slices, firstRow: row, requests: requests,
      columns: columns, missing: missing)
  }

  private func position(of name: String) throws(DataError) -> Int {
    let places = descriptions.indices.filter { !name.isEmpty && descriptions[$0].name == name }
    guard let place = places.first else {
      throw DataError(
        .unknownColumn(available: layout.columnNames), file: layout.name, column: name)
    }
    guard places.count == 1 else {
      throw DataError(.duplicateColumn, file: layout.name, column: name)
    }
    return place
  }
}

extension Range<Int> {
  fileprivate func prefix(_ count: Int) -> Range<Int> { lowerBound..<lowerBound + count }
  fileprivate func dropFirst(_ count: Int) -> Range<Int> { lowerBound + count..<upperBound }
}
