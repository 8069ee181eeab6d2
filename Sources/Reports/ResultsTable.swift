// SPDX-License-Identifier: GPL-2.0-or-later
package import MixedModels

/// A table of results: rows, and columns that say what of a row is written where.
package struct ResultsTable<Rows: Sequence & SendableMetatype>: ReportTable {
  package typealias Row = Rows.Element

  package var heading: String?
  package var footnotes: [String] = []
  package var isContinuation = false
  package var width = 80
  /// Rows of text that are formatted together.
  var blockSize = Int.max
  let columns: [Column<Row>]
  /// What stands before a row of text.
  let label: @Sendable (Row) -> String
  let rows: @Sendable () -> Rows

  private var shownColumns: [Column<Row>] { columns.filter { $0.header != nil } }
  private var fieldColumns: [Column<Row>] { columns.filter { $0.tidy != nil } }

  package var headers: [(text: String, isText: Bool)] {
    shownColumns.map { ($0.header!, $0.isText) }
  }

  package func forEachBlock(_ body: (_ labels: [String], _ columns: [[String]]) -> Void) {
    let shown = shownColumns
    var block: [Row] = []
    func finish() {
      body(block.map(label), shown.map { $0.cells(block) })
      block.removeAll(keepingCapacity: true)
    }
    for row in rows() {
      if block.count == blockSize { finish() }
      block.append(row)
    }
    finish()
  }

  package var fields: [String] { fieldColumns.map { $0.tidy! } }

  package func forEachRecord(_ body: ([DelimitedField]) -> Void) {
    let columns = fieldColumns
    for row in rows() { body(columns.map { DelimitedField($0.value(row)) }) }
  }

  /// The rows as objects.
  var json: JSONValue {
    .array(rows().map(columns.filter { $0.json != nil }.object))
  }
}

extension DelimitedField {
  /// Objects and arrays have no place in CSV.
  init(_ value: JSONValue) {
    switch value {
    case .string(let text): self = .text(text)
    case .number(let number): self = .number(number)
    case .integer(let number): self = .integer(number)
    case .bool(let flag): self = .text(flag ? "TRUE" : "FALSE")
    case .null, .array, .elements, .object, .rows: self = .missing
    }
  }
}
