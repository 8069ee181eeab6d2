// SPDX-License-Identifier: GPL-2.0-or-later
package import CArrow

/// A table that comes over Arrow's C stream interface, batch after batch, each a struct of columns.
///
/// Types say what columns are: integers, floating-point numbers and decimals are numbers, dates the days and
/// timestamps the seconds since 1970 began, but labels of them, where they group rows, are their texts
/// (`2026-11-30`). Strings, binary texts and dictionaries are labels, even if they look like numbers; booleans
/// are logical. Null is missing, and NaN, `NA` and what `ReadingOptions` call missing are, as in a file. Columns
/// that nobody asks for are not touched, and may be of any type.
///
/// Rows are cut by their number, not by the batches they come in: sums do not depend on those.
///
/// `@unchecked Sendable`: the stream is used by one pass at a time, under the lock of its feed.
package final class ArrowTable: TableSource, ArrowBatchSource, @unchecked Sendable {
  package let name: String
  private var stream: ArrowStream?
  /// The batches so far, where they are to be read again; those of the producer, not copies.
  private var kept: [ArrowBatch]?
  private var isOpened = false

  /// Moves the stream here: its owner has none then, and need not release it.
  ///
  /// - Parameters:
  ///   - name: What errors and reports call the table.
  ///   - keepsBatches: Whether rows can be read a second time, for which all batches stay in memory.
  package init(
    moving stream: UnsafeMutablePointer<ArrowArrayStream>, name: String, keepsBatches: Bool = false
  ) {
    self.name = name
    self.stream = ArrowStream(moving: stream, name: name)
    kept = keepsBatches ? [] : nil
  }

  package var canBeReadAgain: Bool { kept != nil }

  package func open(_ options: ReadingOptions) throws(DataError) -> any TableReading {
    if isOpened, kept == nil { throw DataError(.cannotReadAgain, file: name) }
    guard let stream else { throw DataError(.cannotReadAgain, file: name) }
    isOpened = true
    return try ArrowReading(self, name: name, columns: try stream.columns(), options)
  }

  /// Gives the stream and all batches back; no pass is under way, and none can begin.
  package func close() { (stream, kept) = (nil, nil) }

  /// A batch by its place; nil after the last.
  ///
  /// - Throws: `DataError` for what the stream says is wrong, and for a batch that is not what it says.
  func batch(_ index: Int) throws(DataError) -> (any ArrowRowBatch)? {
    if let kept, index < kept.count { return kept[index] }
    guard let batch = try stream?.next() else { return nil }
    kept?.append(batch)
    return batch
  }
}
