// SPDX-License-Identifier: GPL-2.0-or-later

extension TableReader {
  /// The first row of the sample in which a column has a label that passes, and that label; nil if
  /// none has.
  package func firstPlace(
    in column: String, where passes: (UnsafeRawBufferPointer) -> Bool
  ) -> (label: String, file: String, line: Int)? {
    let request = ColumnRequest(name: column, wantsNumbers: false, wantsLabels: true)
    guard let first, let chunk = (try? sample([request])) ?? nil else { return nil }
    let (labels, codes) = (chunk.columns[0].labels, chunk.columns[0].codes)
    let passing = (0..<Int32(labels.count)).first { labels.withBytes(of: $0, passes) }
    guard let passing, let row = codes.firstIndex(of: passing) else { return nil }
    let place = chunk.location(row: row)
    return (labels.label(passing), place.file, (first.firstLine ?? 1) + place.linesIntoChunk)
  }

  /// The first label of the sample that is no number.
  package func firstText(in column: String) -> (label: String, file: String, line: Int)? {
    firstPlace(in: column) { label in
      readNumber(label.bindMemory(to: UInt8.self), decimal: decimal) == .text
    }
  }

  private var decimal: UInt8 { options.decimalComma ? decimalComma : decimalPoint }

  /// The first chunk of text, parsed as `read` will parse it; nil if there is no text.
  ///
  /// For a look at the data before they are read. Rows from a wrong value on are missing here:
  /// `read` reports it.
  /// - Throws: `DataError.Problem.unknownColumn`
  package func sample(_ requests: [ColumnRequest]) throws(DataError) -> TableChunk? {
    guard let first else { return nil }
    let plan = try ParsePlan(
      requests, kinds: kinds(of: requests), layout: first.layout, missing: MissingTexts(options),
      options)
    let parsed = parseChunk(first, plan)
    return TableChunk(
      index: 0, rowCount: parsed.rowCount, columns: parsed.columns, source: first.layout.source,
      text: first, plan: plan)
  }
}
