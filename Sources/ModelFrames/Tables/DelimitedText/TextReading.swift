// SPDX-License-Identifier: GPL-2.0-or-later

/// One pass over the records of a text.
final class TextReading: TableReading {
  private let options: ReadingOptions
  private let stream: TextStream
  private let lines: ChunkLines
  private let first: TextChunk?  // also the sample for kinds
  private var kinds: [ColumnKind]?  // of all columns, once one was asked for
  private var plan: ParsePlan?  // of the pass
  private var index = 0  // of the next chunk
  private var failure: DataError?  // after which there is nothing more

  /// Opens the source, reads its header and the first chunk of text.
  init(_ source: DataSource, _ options: ReadingOptions) throws(DataError) {
    self.options = options
    stream = try TextStream(source, options)
    lines = ChunkLines(first: stream.firstLine)
    do throws(TextFailure) { first = try stream.next() } catch {
      throw error.located(after: stream.firstLine)
    }
  }

  var layout: TableLayout { stream.layout.table }
  var hasRows: Bool { first != nil }
  var isShort: Bool { stream.isExhausted }

  func kind(of column: String) throws(DataError) -> ColumnKind {
    let position = try stream.layout.position(of: column)
    if let kinds { return kinds[position] }
    var all = [ColumnKind](repeating: .empty, count: layout.columnNames.count)
    if let first {
      do throws(TextFailure) { all = try columnKinds(first, options) } catch {
        throw error.located(after: lines.line(ofChunk: 0))
      }
    }
    kinds = all
    return all[position]
  }

  func first(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    guard let first else { return nil }
    let plan = try ParsePlan(columns, layout: stream.layout, options)
    return TextRows(text: first, plan: plan, index: 0, lines: lines)
  }

  func next(_ columns: [ColumnRequest]) throws(DataError) -> (any TableRows)? {
    if let failure { throw failure }
    let plan =
      if let plan { plan } else {
        try ParsePlan(columns, layout: stream.layout, options)
      }
    self.plan = plan
    defer { index += 1 }
    do throws(TextFailure) {
      guard let text = index == 0 ? first : try stream.next() else { return nil }
      return TextRows(text: text, plan: plan, index: index, lines: lines)
    } catch {
      failure = error.error
      return UnreadableText(failure: error, plan: plan, index: index, lines: lines)
    }
  }
}

/// What stands in place of records that cannot even be cut.
private struct UnreadableText: TableRows {
  let failure: TextFailure
  let plan: ParsePlan
  let index: Int
  let lines: ChunkLines

  var layout: TableLayout { plan.layout.table }
  var bytesRead: Int { 0 }

  func chunk() -> TableChunk {
    TableChunk(
      rowCount: 0, columns: plan.slots.map { _ in ColumnChunk() }, rows: self,
      failure: { failure.located(after: lines.line(ofChunk: index)) })
  }

  func place(ofRow row: Int) -> RowPlace {
    RowPlace(
      file: layout.name, line: lines.line(ofChunk: index) + (failure.linesIntoChunk ?? 0))
  }

  func forEachRecord(_ count: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void) rethrows {}
}
