// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension TableReader {
  /// Parses the requested columns chunk by chunk.
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
    let kinds = try kinds(of: requests)
    let missing = MissingTexts(options)
    let plan = { [options] (layout: SourceLayout) throws(DataError) -> ParsePlan in
      try ParsePlan(requests, kinds: kinds, layout: layout, missing: missing, options)
    }
    _ = try plan(firstLayout)  // unknown columns show before anything is taken
    _ = chunkMemoryIsKept
    let text = try takeText()
    let feed = ChunkFeed(text.first, text.rest, makePlan: plan)
    var ledger = LineLedger()
    let total = totalBytes
    var matched: Set<Int> = []
    func deliver(_ outcome: ChunkOutcome<T>) throws {
      matched.formUnion(outcome.matchedMissing)
      try consume(ledger.value(of: outcome))
      progress?(ReadingProgress(bytes: outcome.bytesRead, totalBytes: total, rows: ledger.rows))
    }
    let threads = threadCount(options.threads)
    if threads == 1 || feed.isShort {
      while let work = feed.next() { try deliver(work.outcome(transform)) }
    } else {
      try withoutActuallyEscaping(transform) { transform in
        let line = AssemblyLine<T>(window: 2 * threads + 2)
        try line.run(threads, feed, { $0.outcome(transform) }, deliver)
      }
    }
    unmatchedMissingTexts = missing.texts.enumerated().filter { !matched.contains($0.offset) }
      .map(\.element)
    if ledger.rows == 0, !options.allowsNoRows { throw DataError(.noRows, file: sources[0].name) }
  }

  private var totalBytes: Int? {
    var total = 0
    for source in sources {
      switch source {
      case .bytes(let bytes, _): total += bytes.count
      case .standardInput: return nil
      case .file(let path):
        guard let status = FileStatus(path: path), status.isRegular else { return nil }
        total += status.size
      }
    }
    return total
  }
}

/// What became of a chunk.
struct ChunkOutcome<T: Sendable>: Sendable {
  let result: Result<T, any Error>  // a TextFailure if its line is still to be completed
  var firstLine: Int?
  var lineFeeds = 0
  var rows = 0
  var bytesRead = 0
  var matchedMissing: Set<Int> = []
}

/// Counts lines over the chunks, in their order.
private struct LineLedger {
  private var line = 1  // on which the next chunk starts
  private(set) var rows = 0

  mutating func value<T>(of outcome: ChunkOutcome<T>) throws -> T {
    if let firstLine = outcome.firstLine { line = firstLine }
    defer { line += outcome.lineFeeds }
    rows += outcome.rows
    do {
      return try outcome.result.get()
    } catch let failure as TextFailure {
      throw failure.located(after: line)
    }
  }
}

extension ChunkWork {
  /// Parses and transforms the chunk.
  ///
  /// Of two errors the one in the earlier row counts.
  func outcome<T>(_ transform: (TableChunk) throws -> T) -> ChunkOutcome<T> {
    switch self {
    case .failure(let failure):
      return ChunkOutcome(result: .failure(failure), firstLine: failure.firstLine)
    case .text(let text, let index, let plan):
      let parsed = parseChunk(text, plan)
      let table = TableChunk(
        index: index, rowCount: parsed.rowCount, columns: parsed.columns,
        source: text.layout.source, text: text, plan: plan)
      let result = Result { () throws -> T in
        do {
          let value = try transform(table)
          if let failure = parsed.failure { throw failure }
          return value
        } catch let error as RowError {
          throw error.located(in: table)
        }
      }
      return ChunkOutcome(
        result: result, firstLine: text.firstLine, lineFeeds: parsed.lineFeeds,
        rows: parsed.rowCount, bytesRead: text.bytesRead, matchedMissing: parsed.matchedMissing)
    }
  }
}

extension RowError {
  fileprivate func located(in table: TableChunk) -> TextFailure {
    let location = table.location(row: row)
    let error = DataError(
      .unsuitable(message, remedy: remedy), file: location.file, column: column, value: value)
    return TextFailure(error: error, linesIntoChunk: location.linesIntoChunk)
  }
}
