// SPDX-License-Identifier: GPL-2.0-or-later

/// A column that a reader of the table wants, as numbers, as labels, or both.
package struct ColumnRequest: Sendable, Hashable {
  package var name: String
  package var wantsNumbers: Bool
  package var wantsLabels: Bool

  package init(name: String, wantsNumbers: Bool, wantsLabels: Bool) {
    self.name = name
    self.wantsNumbers = wantsNumbers
    self.wantsLabels = wantsLabels
  }
}

/// What the values of a column look like in the first chunk of text.
package enum ColumnKind: Sendable {
  case numeric  // at least half of the values are numbers
  case logical  // all are TRUE or FALSE, as R, pandas or PostgreSQL write them
  case categorical
  case empty  // all are missing
}

/// One requested column of one chunk.
package struct ColumnChunk: Sendable {
  /// One per row, NaN = missing; empty if not asked for.
  package var numbers: [Double]
  /// One per row, into `labels`, −1 = missing; empty if not asked for.
  package var codes: [Int32]
  /// The chunk's own labels, in order of first appearance.
  package var labels: LevelDictionary

  /// Whether a row is there in which it is not missing.
  package var hasValue: Bool {
    numbers.contains { !$0.isNaN } || codes.contains { $0 >= 0 }
  }
}

/// The requested columns of some consecutive rows of one source.
package struct TableChunk: Sendable {
  /// 0, 1, … over all sources.
  package let index: Int
  package let rowCount: Int
  /// In the order of the requests.
  package let columns: [ColumnChunk]
  /// Index of the source.
  package let source: Int
  let text: TextChunk
  let plan: ParsePlan

  /// Where a row stands, found by scanning the chunk's text again: for error messages.
  package func location(row: Int) -> RowLocation {
    RowLocation(file: text.layout.name, linesIntoChunk: linesBefore(row: row, text, plan))
  }
}

/// Place of a row: the line is counted from the start of its chunk.
package struct RowLocation: Sendable, Equatable {
  package let file: String
  package let linesIntoChunk: Int
}

/// Thrown from `transform` about a row of its chunk; `TableReader.read` adds file and line and
/// throws a `DataError`.
package struct RowError: Error, Sendable {
  package var row: Int
  package var column: String?
  package var value: String?
  package var message: String
  package var remedy: String?

  package init(
    row: Int, column: String? = nil, value: String? = nil, message: String, remedy: String? = nil
  ) {
    self.row = row
    self.column = column
    self.value = value
    self.message = message
    self.remedy = remedy
  }
}
