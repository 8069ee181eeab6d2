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

  /// What the labels of a column look like.
  func labelKind(_ column: Int) -> ColumnKind {
    var fault: ArrowValueFault?
    return labels(pieces[column], &fault).kind(missing)
  }

  func chunk() -> TableChunk {
    let (count, texts) = (count, missing.texts)
    var met: Set<Int> = []
    var columns: [ColumnChunk] = []
    var end = count
    var failure: (@Sendable () -> any Error)?
    func fails(_ row: Int, _ error: DataError) {
      guard row < end else { return }
      (end, failure) = (row, { error })
    }
    for (request, pieces) in zip(requests, pieces) {
      var chunk = ColumnChunk()
      for wanted in self.wanted(request, pieces, fails) {
        let part = wanted.values(0..<count, missing, &met)
        if wanted.wantsNumbers { chunk.numbers = part.numbers }
        if wanted.wantsLabels { (chunk.codes, chunk.labels) = (part.codes, part.labels) }
        if let row = wanted.firstUnreadable(0..<count) {
          fails(row, wanted.error(inRow: row, at: place(ofRow: row)))
        }
      }
      columns.append(chunk)
    }
    if end < count { for k in columns.indices { columns[k].cut(end) } }
    return TableChunk(
      rowCount: end, columns: columns, rows: self, missingTexts: Set(met.map { texts[$0] }),
      failure: failure)
  }

  /// A column as numbers, as labels or both, as it is asked for.
  private func wanted(
    _ request: ColumnRequest, _ pieces: [ArrowPiece], _ fails: (Int, DataError) -> Void
  ) -> [WantedColumn] {
    var columns: [WantedColumn] = []
    let type = pieces.first?.column.type ?? .null
    var labelsRequest = request
    // Logical values are numbers, as the type has them; texts have to be read.
    if request.wantsNumbers, !type.isLabel {
      var numbers: [Double] = []
      numbers.reserveCapacity(count)
      for piece in pieces { piece.column.appendNumbers(piece.rows, to: &numbers) }
      var numbersRequest = request
      numbersRequest.wantsLabels = false
      columns.append(WantedColumn(numbersRequest, .numbers(numbers), missing))
      labelsRequest.wantsNumbers = false
    }
    guard labelsRequest.wantsLabels || labelsRequest.wantsNumbers else { return columns }
    var fault: ArrowValueFault?
    let labels = labels(pieces, &fault)
    if let fault {
      fails(fault.row, DataError(fault.problem, at: place(ofRow: fault.row), column: request.name))
    }
    if let (row, bytes) = labels.firstMalformed {
      let at = place(ofRow: row)
      var error = DataError.notUTF8(bytes, file: at.file, column: request.name)
      error.row = at.row
      fails(row, error)
    }
    return columns + [WantedColumn(labelsRequest, labels, missing)]
  }

  private func labels(_ pieces: [ArrowPiece], _ fault: inout ArrowValueFault?) -> ColumnTable.Column {
    var labels = ArrowLabels()
    labels.codes.reserveCapacity(count)
    for piece in pieces { piece.column.appendLabels(piece.rows, to: &labels) }
    fault = labels.fault
    return .labels(codes: labels.codes, of: labels.dictionary)
  }

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
      for row in 0..<min(slice.rows.count, left) {
        let fields = columns.map { labels -> String in
          guard row < labels.codes.count, labels.codes[row] >= 0 else { return "NA" }
          return FieldQuoting.encoded(labels.dictionary.label(labels.codes[row]))
        }
        try Array(fields.joined(separator: ",").utf8).withUnsafeBufferPointer(body)
      }
      left -= min(slice.rows.count, left)
    }
  }
}

extension ColumnTable.Column {
  /// The first row with a label that is no UTF-8, and the label's bytes.
  fileprivate var firstMalformed: (row: Int, bytes: [UInt8])? {
    guard case .labels(let codes, let labels) = values, let code = labels.firstMalformed,
      let row = codes.firstIndex(of: code)
    else { return nil }
    return (row, labels.withBytes(of: code) { Array($0) })
  }
}
