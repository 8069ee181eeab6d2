// SPDX-License-Identifier: GPL-2.0-or-later

extension TableReader {
  /// The first chunk of text, parsed as `read` will parse it; nil if there is no text.
  ///
  /// For a look at the data before they are read. Rows from a wrong value on are missing here:
  /// `read` reports it.
  /// - Throws: `DataError.Problem.unknownColumn`
  package func sample(_ requests: [ColumnRequest]) throws(DataError) -> TableChunk? {
    guard let first else { return nil }
    let plan = try ParsePlan(
      requests, logical: logicalColumns(requests), layout: first.layout,
      missing: MissingTexts(options.missingTexts), maximumRecordBytes: options.maximumRecordBytes)
    let parsed = parseChunk(first, plan)
    return TableChunk(
      index: 0, rowCount: parsed.rowCount, columns: parsed.columns, source: first.layout.source,
      text: first, plan: plan)
  }
}
