// SPDX-License-Identifier: GPL-2.0-or-later

/// The columns that are asked for of consecutive rows, each in pieces of Arrow's layout.
struct ArrowPieces {
  /// Of rows.
  let count: Int
  let requests: [ColumnRequest]
  /// For every request.
  let pieces: [[ArrowPiece]]
  let missing: MissingTexts

  /// What the labels of a column look like.
  func labelKind(_ column: Int) -> ColumnKind {
    var fault: ArrowValueFault?
    return labels(pieces[column], &fault).kind(missing)
  }

  /// The columns of `rows`, which knows where they stand.
  func chunk(of rows: any TableRows) -> TableChunk {
    let texts = missing.texts
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
      for wanted in self.wanted(request, pieces, rows, fails) {
        let part = wanted.values(0..<count, missing, &met)
        if wanted.wantsNumbers { chunk.numbers = part.numbers }
        if wanted.wantsLabels { (chunk.codes, chunk.labels) = (part.codes, part.labels) }
        if let row = wanted.firstUnreadable(0..<count) {
          fails(row, wanted.error(inRow: row, at: rows.place(ofRow: row)))
        }
      }
      columns.append(chunk)
    }
    if end < count { for k in columns.indices { columns[k].cut(end) } }
    return TableChunk(
      rowCount: end, columns: columns, rows: rows, missingTexts: Set(met.map { texts[$0] }),
      failure: failure)
  }

  /// A column as numbers, as labels or both, as it is asked for.
  private func wanted(
    _ request: ColumnRequest, _ pieces: [ArrowPiece], _ rows: any TableRows,
    _ fails: (Int, DataError) -> Void
  ) -> [WantedColumn] {
    var columns: [WantedColumn] = []
    let type = pieces.first { $0.column.type != .null }?.column.type ?? .null
    var labelsRequest = request
    // Logical values are numbers, as the type has them; texts have to be read.
    if request.wantsNumbers, !type.isLabel {
      let numbers = [Double](unsafeUninitializedCapacity: count) { target, done in
        for piece in pieces where !piece.rows.isEmpty {
          piece.column.writeNumbers(piece.rows, to: target.baseAddress! + done)
          done += piece.rows.count
        }
      }
      var numbersRequest = request
      numbersRequest.wantsLabels = false
      columns.append(WantedColumn(numbersRequest, .numbers(numbers), missing))
      labelsRequest.wantsNumbers = false
    }
    guard labelsRequest.wantsLabels || labelsRequest.wantsNumbers else { return columns }
    var fault: ArrowValueFault?
    let labels = labels(pieces, &fault)
    if let fault {
      fails(fault.row, DataError(fault.problem, at: rows.place(ofRow: fault.row), column: request.name))
    }
    if let (row, bytes) = labels.firstMalformed {
      let at = rows.place(ofRow: row)
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
