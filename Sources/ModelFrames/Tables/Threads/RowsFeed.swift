// SPDX-License-Identifier: GPL-2.0-or-later

/// Rows to be read, or the error that stands in their place.
struct RowsTaken: Sendable {
  let result: Result<any TableRows, DataError>
  /// 0, 1, … over all sources.
  let index: Int
  /// Of the sources before.
  let finishedBytes: Int
}

/// The rows of all sources in order, each opened when the one before has ended; ends after an error.
final class RowsFeed {
  private let sources: [any TableSource]
  private let columns: [ColumnRequest]
  private let options: ReadingOptions
  private let opened: [any TableReading]  // of the first sources
  private var reading: (any TableReading)?
  private var started = 0  // sources
  private var index = 0
  private var bytesRead = 0  // of the current source
  private var finishedBytes = 0
  private var isFinished = false

  init(
    _ sources: [any TableSource], _ opened: [any TableReading], _ columns: [ColumnRequest],
    _ options: ReadingOptions
  ) {
    (self.sources, self.opened) = (sources, opened)
    (self.columns, self.options) = (columns, options)
  }

  /// Whether there is one chunk at most, not worth a thread.
  var isShort: Bool { opened.count == sources.count && opened.last!.isShort }

  func next() -> RowsTaken? {
    if isFinished { return nil }
    do throws(DataError) {
      guard let rows = try nextRows() else {
        isFinished = true
        return nil
      }
      index += 1
      bytesRead = rows.bytesRead
      return RowsTaken(result: .success(rows), index: index - 1, finishedBytes: finishedBytes)
    } catch {
      isFinished = true
      return RowsTaken(result: .failure(error), index: index, finishedBytes: finishedBytes)
    }
  }

  private func nextRows() throws(DataError) -> (any TableRows)? {
    while true {
      if reading == nil {
        guard started < sources.count else { return nil }
        reading = started < opened.count ? opened[started] : try sources[started].open(options)
        started += 1
      }
      if let rows = try reading?.next(columns) { return rows }
      reading = nil
      (finishedBytes, bytesRead) = (finishedBytes + bytesRead, 0)
    }
  }
}
