// SPDX-License-Identifier: GPL-2.0-or-later

/// A table whose rows come in typed columns, chunk after chunk, in one order.
///
/// Several sources are one table: their rows follow each other, and their columns are found by
/// name.
public protocol TableSource: Sendable {
  /// A path, `-`, or another name: reports and errors use it.
  var name: String { get }
  /// Whether a second pass can start from the first row.
  var canBeReadAgain: Bool { get }
  /// Bytes that a pass takes, nil if unknown: for progress.
  var byteCount: Int? { get }
  /// Opens the table and takes its first rows.
  ///
  /// - Throws: what is wrong so far.
  func open(_ options: ReadingOptions) throws(DataError) -> any TableReading
}

extension TableSource {
  public var canBeReadAgain: Bool { true }
  public var byteCount: Int? { nil }
}

/// One pass over the rows of a table; used from one thread at a time.
public protocol TableReading: AnyObject {
  var layout: TableLayout { get }
  var hasRows: Bool { get }
  /// Whether the first rows are all there are, as far as is known without reading on.
  var isShort: Bool { get }
  /// Columns that are labels by their type, whatever they look like.
  var labelColumns: Set<String> { get }
  /// What the values of a column look like in the first rows; `empty` without rows.
  ///
  /// - Throws: `DataError.Problem.unknownColumn`
  func kind(of column: String) throws(DataError) -> ColumnKind
  /// The first rows, for a look at them: `next` begins with them all the same; nil without rows.
  ///
  /// - Throws: `DataError.Problem.unknownColumn`
  func first(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)?
  /// The next rows, cut alike in every pass; nil after the last.
  ///
  /// - Parameter columns: those that are wanted, the same in all calls.
  /// - Throws: `DataError.Problem.unknownColumn`; what ends the table before its time.
  func next(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)?
}

extension TableReading {
  public var labelColumns: Set<String> { [] }
}

/// Consecutive rows as their source has them.
public protocol TableRows: Sendable {
  var layout: TableLayout { get }
  /// Bytes of the source up to the end of these rows.
  var bytesRead: Int { get }
  /// The wanted columns: all the work there is, done once, on any thread.
  func chunk() -> TableChunk
  /// Where a row stands, counted from 0; the first row that was not read is one of them.
  ///
  /// Asked once the rows before were read.
  func place(ofRow row: Int) -> RowPlace
  /// Calls `body` with the fields of every one of the first `count` rows, all columns of the
  /// source as `layout` has them, as delimited text without a line end, valid during the call.
  func forEachRecord(
    _ count: Int, _ body: (_ record: UnsafeBufferPointer<UInt8>) throws -> Void
  ) rethrows
}

/// How a source calls its columns.
public struct TableLayout: Sendable, Equatable {
  /// Of the source.
  public let name: String
  /// In the source's order; unnamed ones are empty.
  public let columnNames: [String]
  /// What stands between the fields of a row that is written as text.
  public let separator: UInt8

  public init(name: String, columnNames: [String], separator: UInt8 = UInt8(ascii: ",")) {
    (self.name, self.columnNames, self.separator) = (name, columnNames, separator)
  }
}

/// Where a row stands.
public struct RowPlace: Sendable, Equatable, CustomStringConvertible {
  public let file: String
  /// 1-based, in text.
  public let line: Int?
  /// 1-based, in tables that have no lines.
  public let row: Int?

  public init(file: String, line: Int) { (self.file, self.line, row) = (file, line, nil) }
  public init(file: String, row: Int) { (self.file, line, self.row) = (file, nil, row) }

  /// `t.csv, line 47`
  public var description: String {
    (file == "-" ? "standard input" : file) + Self.suffix(line: line, row: row)
  }

  static func suffix(line: Int?, row: Int?) -> String {
    line.map { ", line \($0)" } ?? row.map { ", row \($0)" } ?? ""
  }
}
