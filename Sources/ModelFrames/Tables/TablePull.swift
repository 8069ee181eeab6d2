// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import Synchronization

/// Chunks of a table, each transformed, one after another as they are asked for; used from one thread at a
/// time.
///
/// As many are transformed at once as there are threads, and as many wait.
package final class TablePull<Value: Sendable> {
  private let feed: RowsFeed
  private let transform: @Sendable (TableChunk) throws -> Value
  private let threads: Int
  private var ready: ArraySlice<RowsOutcome<Value>> = []
  private var isDone = false

  /// - Throws: `DataError.Problem.unknownColumn`, and where the sources cannot be read again.
  package init(
    _ reader: TableReader, _ requests: [ColumnRequest],
    transform: @escaping @Sendable (TableChunk) throws -> Value
  ) throws(DataError) {
    let requests = try reader.withKinds(requests)
    _ = chunkMemoryIsKept
    feed = RowsFeed(reader.sources, try reader.takeReadings(), requests, reader.options)
    self.transform = transform
    threads = feed.isShort ? 1 : threadCount(reader.options.threads)
  }

  /// The next one; nil after the last.
  ///
  /// - Throws: as `TableReader.read`, and then there are no more.
  package func next() throws -> Value? {
    if ready.isEmpty, !isDone { take() }
    guard let outcome = ready.popFirst() else { return nil }
    do { return try outcome.value() } catch {
      (ready, isDone) = ([], true)
      throw error
    }
  }

  private func take() {
    var taken: [RowsTaken] = []
    while taken.count < threads, let rows = feed.next() { taken.append(rows) }
    isDone = taken.count < threads
    let outcomes = Mutex([Int: RowsOutcome<Value>]())
    inParallel(taken.count, threads: threads) { [taken, transform] k in
      let outcome = taken[k].outcome(transform)
      outcomes.withLock { $0[k] = outcome }
    }
    ready = outcomes.withLock { all in taken.indices.map { all[$0]! } }[...]
  }
}
