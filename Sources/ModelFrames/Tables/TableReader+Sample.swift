// SPDX-License-Identifier: GPL-2.0-or-later

extension TableReader {
  /// The first row of the sample in which a column has a label that passes, and that label; nil if
  /// none has.
  package func firstPlace(
    in column: String, where passes: (UnsafeRawBufferPointer) -> Bool
  ) -> (label: String, place: RowPlace)? {
    let request = ColumnRequest(name: column, wantsNumbers: false, wantsLabels: true)
    guard let chunk = (try? sample([request])) ?? nil else { return nil }
    let (labels, codes) = (chunk.columns[0].labels, chunk.columns[0].codes)
    let passing = (0..<Int32(labels.count)).first { labels.withBytes(of: $0, passes) }
    guard let passing, let row = codes.firstIndex(of: passing) else { return nil }
    return (labels.label(passing), chunk.rows.place(ofRow: row))
  }

  /// The first label of the sample that is no number.
  package func firstText(in column: String) -> (label: String, place: RowPlace)? {
    let decimal = options.decimalComma ? decimalComma : decimalPoint
    return firstPlace(in: column) { label in
      readNumber(label.bindMemory(to: UInt8.self), decimal: decimal) == .text
    }
  }

  /// The first rows, as `read` will read them; nil if there are none.
  ///
  /// For a look at the data before they are read. Rows from a wrong value on are missing here:
  /// `read` reports it.
  /// - Throws: `DataError.Problem.unknownColumn`
  package func sample(_ requests: [ColumnRequest]) throws(DataError) -> TableChunk? {
    try opened.last!.first(withKinds(requests))?.chunk()
  }
}
