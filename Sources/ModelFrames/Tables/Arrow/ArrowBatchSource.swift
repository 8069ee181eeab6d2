// SPDX-License-Identifier: GPL-2.0-or-later

/// Where batches come from, in order.
protocol ArrowBatchSource: AnyObject {
  /// A batch by its place, asked for in order; nil after the last.
  ///
  /// - Throws: `DataError`
  func batch(_ index: Int) throws(DataError) -> (any ArrowRowBatch)?
}

/// Some rows of a table, all columns of them, by the place of each in the schema.
protocol ArrowRowBatch: AnyObject, Sendable {
  var rowCount: Int { get }
  /// Where a row stands; nil if the rows of the whole table are counted.
  func place(ofRow row: Int) -> RowPlace?
  /// Bytes of the source up to a row.
  func bytesRead(upTo row: Int) -> Int
  /// Some rows of a column, of a type that is read.
  ///
  /// - Throws: `DataError` for a column that is not what it says.
  func piece(
    _ column: Int, _ description: ArrowColumnDescription, _ rows: Range<Int>, of table: String
  ) throws(DataError) -> ArrowPiece
}

/// Some rows of a batch, which lives as long.
struct ArrowSlice: Sendable {
  let batch: any ArrowRowBatch
  let rows: Range<Int>

  /// The file that they stand in, if it has a name of its own.
  var file: String? { batch.place(ofRow: rows.lowerBound)?.file }
}

/// Some rows of a column of a batch.
struct ArrowPiece {
  let column: ArrowColumn
  let rows: Range<Int>
  /// What the values are in, if it is not the batch.
  var owner: AnyObject?
}
