// SPDX-License-Identifier: GPL-2.0-or-later

/// A column that a reader of the table wants, as numbers, as labels, or both.
public struct ColumnRequest: Sendable, Hashable {
  public var name: String
  public var wantsNumbers: Bool
  public var wantsLabels: Bool
  /// What the first rows of the whole table say that it is: numbers of logical values are 0 and 1,
  /// of dates days, of times seconds.
  public var kind = ColumnKind.numeric

  public init(name: String, wantsNumbers: Bool, wantsLabels: Bool) {
    self.name = name
    self.wantsNumbers = wantsNumbers
    self.wantsLabels = wantsLabels
  }
}

/// What the values of a column look like in the first rows.
public enum ColumnKind: Sendable {
  case numeric  // at least half of the values are numbers
  case logical  // all are TRUE or FALSE, as R, pandas or PostgreSQL write them
  case categorical
  case date  // all are dates of ISO 8601: numbers are days since 1970-01-01
  case dateTime  // all are dates, some with the time of day: seconds since 1970-01-01
  case time  // all are times of day: seconds since midnight
  case empty  // all are missing
}

/// One requested column of one chunk.
public struct ColumnChunk: Sendable {
  /// One per row, NaN = missing; empty if not asked for.
  public var numbers: [Double]
  /// One per row, into `labels`, −1 = missing; empty if not asked for.
  public var codes: [Int32]
  /// The chunk's own labels, in order of first appearance.
  public var labels: LevelDictionary

  public init(
    numbers: [Double] = [], codes: [Int32] = [], labels: LevelDictionary = LevelDictionary()
  ) {
    (self.numbers, self.codes, self.labels) = (numbers, codes, labels)
  }

  /// Whether a row is there in which it is not missing.
  package var hasValue: Bool {
    numbers.contains { !$0.isNaN } || codes.contains { $0 >= 0 }
  }

  /// Whether it is there in a row.
  package func hasValue(_ row: Int) -> Bool {
    numbers.isEmpty ? codes.isEmpty || codes[row] >= 0 : !numbers[row].isNaN
  }
}

/// The requested columns of some consecutive rows of one source.
public struct TableChunk: Sendable {
  /// 0, 1, … over all sources.
  package internal(set) var index = 0
  public let rowCount: Int
  /// In the order of the requests.
  public let columns: [ColumnChunk]
  /// The rows as their source has them.
  public let rows: any TableRows
  /// What is wrong with the row after these, because of which they are the last; asked once the
  /// rows before were read.
  package let failure: (@Sendable () -> any Error)?
  /// The user's texts for missing values that were met.
  let missingTexts: Set<String>

  public init(
    rowCount: Int, columns: [ColumnChunk], rows: any TableRows, missingTexts: Set<String> = [],
    failure: (@Sendable () -> any Error)? = nil
  ) {
    (self.rowCount, self.columns, self.rows) = (rowCount, columns, rows)
    (self.missingTexts, self.failure) = (missingTexts, failure)
  }
}

/// Thrown from `transform` about a row of its chunk; `TableReader.read` adds its place and throws a
/// `DataError`.
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

  package func located(in rows: any TableRows) -> DataError {
    DataError(
      .unsuitable(message, remedy: remedy), at: rows.place(ofRow: row), column: column,
      value: value)
  }
}
