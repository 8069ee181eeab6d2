// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension TableReader {
  /// Reads the requested columns chunk by chunk.
  ///
  /// `transform` runs on the workers, several chunks at a time; `consume` gets its results in the
  /// order of the chunks, on the calling thread. At most 2 × threads + 2 chunks exist at a time.
  /// - Throws: the error that comes first in the order of the data, whatever the number of
  ///   threads: a `DataError`, also for a `RowError` that `transform` threw, or what `transform`
  ///   or `consume` threw otherwise. A table without rows is an error unless the
  ///   options allow it.
  package func read<T: Sendable>(
    _ requests: [ColumnRequest], transform: @Sendable (TableChunk) throws -> T,
    consume: (T) throws -> Void
  ) throws {
    let requests = try withKinds(requests)  // unknown columns show before anything is taken
    _ = chunkMemoryIsKept
    let feed = RowsFeed(sources, try takeReadings(), requests, options)
    let total = totalBytes
    var rows = 0
    var missingTexts: Set<String> = []
    func deliver(_ outcome: RowsOutcome<T>) throws {
      missingTexts.formUnion(outcome.missingTexts)
      rows += outcome.rows
      try consume(outcome.value())
      try progress?(ReadingProgress(bytes: outcome.bytesRead, totalBytes: total, rows: rows))
    }
    let threads = threadCount(options.threads)
    if threads == 1 || feed.isShort {
      while let rows = feed.next() { try deliver(rows.outcome(transform)) }
    } else {
      try withoutActuallyEscaping(transform) { transform in
        let line = AssemblyLine<T>(window: 2 * threads + 2)
        try line.run(threads, feed, { $0.outcome(transform) }, deliver)
      }
    }
    unmatchedMissingTexts = MissingTexts(options).texts.filter { !missingTexts.contains($0) }
    if rows == 0, !options.allowsNoRows { throw DataError(.noRows, file: sources[0].name) }
  }

  private var totalBytes: Int? {
    var total = 0
    for source in sources {
      guard let count = source.byteCount else { return nil }
      total += count
    }
    return total
  }
}

/// What became of a chunk.
struct RowsOutcome<T: Sendable>: Sendable {
  let result: Result<T, any Error>
  var rows = 0
  var bytesRead = 0
  var missingTexts: Set<String> = []

  /// - Throws: what went wrong, with its place; asked in the order of the chunks.
  func value() throws -> T {
    do { return try result.get() } catch let error as UnplacedError { throw error.placed() }
  }
}

/// An error whose line is known once the rows before were read.
private struct UnplacedError: Error {
  let placed: @Sendable () -> any Error
}

extension RowsTaken {
  /// Reads the columns and transforms them.
  ///
  /// Of two errors the one in the earlier row counts.
  func outcome<T>(_ transform: (TableChunk) throws -> T) -> RowsOutcome<T> {
    let rows: any TableRows
    do { rows = try result.get() } catch { return RowsOutcome(result: .failure(error)) }
    var chunk = rows.chunk()
    chunk.index = index
    let result = Result { () throws -> T in
      do {
        if chunk.rowCount == 0, let failure = chunk.failure { throw UnplacedError(placed: failure) }
        let value = try transform(chunk)
        if let failure = chunk.failure { throw UnplacedError(placed: failure) }
        return value
      } catch let error as RowError {
        throw UnplacedError { error.located(in: rows) }
      }
    }
    return RowsOutcome(
      result: result, rows: chunk.rowCount, bytesRead: finishedBytes + rows.bytesRead,
      missingTexts: chunk.missingTexts)
  }
}
