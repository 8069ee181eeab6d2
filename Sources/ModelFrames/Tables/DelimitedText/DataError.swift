// SPDX-License-Identifier: GPL-2.0-or-later

/// Why a table cannot be used: the facts.
///
/// The words are in `DataError+Description.swift`.
public struct DataError: Error, Sendable, Equatable {
  /// Name of the source, `-` for standard input.
  public var file: String?
  /// 1-based line on which the record concerned (or the open quote) starts.
  public var line: Int?
  /// 1-based row, of tables that have no lines.
  public var row: Int?
  public var column: String?
  /// The offending text, whole.
  public var value: String?
  public var problem: Problem

  public init(
    _ problem: Problem, file: String? = nil, line: Int? = nil, column: String? = nil,
    value: String? = nil
  ) {
    self.problem = problem
    self.file = file
    self.line = line
    self.column = column
    self.value = value
  }

  package init(_ problem: Problem, at place: RowPlace, column: String? = nil, value: String? = nil) {
    self.init(problem, file: place.file, line: place.line, column: column, value: value)
    row = place.row
  }

  public enum Problem: Sendable, Equatable {
    case fileNotFound
    case isDirectory
    case systemError(String)  // the system's words
    case corruptGzip
    case truncatedGzip
    case unsupportedFormat(String, remedy: String)
    case nullByte
    /// Bytes that are no UTF-8; whether each would be a letter or sign in Latin 1.
    case notUTF8(isLatin1: Bool)
    /// A table that was said to be in another encoding, and begins as UTF-8 text may.
    case markedUTF8
    case empty
    case noRows
    case noColumns
    /// A column in memory that is not as long as the first.
    case unequalLength(Int, first: Int)
    case standardInputTwice
    /// The name under which it was there before.
    case namedTwice(String)
    /// The name of a file that has the same bytes, packed or not, and the same name but for its ending.
    case sameContents(String)
    case cannotReadAgain
    /// A stream of batches that gave up, in its producer's words.
    case streamFailed(String)
    /// A batch, or a column of one, that is not what it says it is; without a full stop.
    case malformedBatch(String)
    case unusableSeparator(UInt8)
    case duplicateColumn
    case unknownColumn(available: [String])
    case raggedRow(fields: Int, headerFields: Int)
    case textAfterClosingQuote
    /// Names in quotes with blanks between them.
    case blankSeparatedHeader
    case unclosedQuote
    case recordTooLong(limit: Int)
    case headerTooLong(limit: Int)
    case tooManyColumns(limit: Int)
    case outOfMemory
    case carriageReturnsOnly
    case notANumber
    case notALogical
    /// No date, or none of the kind that the column's first rows are.
    case notAnInstant
    case notFinite
    /// A number with a decimal comma, in a column that was taken for categorical for it.
    case decimalComma
    /// A word that may mean missing among numbers, one of which is named.
    case wordAmongNumbers(number: String)
    /// A way to write TRUE or FALSE among numbers, one of which is named.
    case logicalAmongNumbers(number: String)
    /// A value that reads well but cannot be used, in the words of the one who found out.
    case unsuitable(String, remedy: String?)
  }
}
