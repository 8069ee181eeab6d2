// SPDX-License-Identifier: GPL-2.0-or-later

/// Some records of a text, and what is wanted of them.
struct TextRows: TableRows {
  let text: TextChunk
  let plan: ParsePlan
  /// Of the chunk in its text.
  let index: Int
  let lines: ChunkLines

  var layout: TableLayout { plan.layout.table }
  var bytesRead: Int { text.bytesRead }

  func chunk() -> TableChunk {
    let parsed = parseChunk(text, plan)
    lines.set(parsed.lineFeeds, ofChunk: index)
    let texts = parsed.matchedMissing.isEmpty ? [] : plan.missing.texts
    var failure: (@Sendable () -> any Error)?
    if let found = parsed.failure {
      failure = { [lines, index] in found.located(after: lines.line(ofChunk: index)) }
    }
    return TableChunk(
      rowCount: parsed.rowCount, columns: parsed.columns, rows: self,
      missingTexts: Set(parsed.matchedMissing.map { texts[$0] }), failure: failure)
  }

  /// Found by scanning the text again.
  func place(ofRow row: Int) -> RowPlace {
    RowPlace(
      file: layout.name, line: lines.line(ofChunk: index) + linesBefore(row: row, text, plan))
  }

  /// Found by scanning the text again; the records are as the file has them.
  func forEachRecord(
    _ count: Int, _ body: (_ record: UnsafeBufferPointer<UInt8>) throws -> Void
  ) rethrows {
    let base = UnsafePointer(text.buffer.base)
    let skipAll = [FieldAction](repeating: FieldAction(), count: plan.actions.count)
    let numbers = UnsafeMutablePointer<Double>.allocate(capacity: 1)  // never written
    let codes = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    defer {
      numbers.deallocate()
      codes.deallocate()
    }
    try skipAll.withUnsafeBufferPointer { actions in
      var parser = RecordParser(
        base, text.count, plan, actions, numbers: numbers, codes: codes, stride: 0,
        dictionaries: UnsafeMutableBufferPointer(start: nil, count: 0))
      var (row, start) = (0, 0)
      while row < count {
        if base[start] == lineFeed || base[start] == carriageReturn && base[start + 1] == lineFeed {
          start += base[start] == lineFeed ? 1 : 2
          continue
        }
        let end = parser.parseRecord(at: start, row: 0)
        guard end > start else {  // a line of blanks, which `parseRecords` skips too
          start = parser.endOfRecord(from: start)
          continue
        }
        let isCRLF = end - start > 1 && base[end - 2] == carriageReturn
        try body(
          UnsafeBufferPointer(start: base + start, count: end - start - (isCRLF ? 2 : 1)))
        (row, start) = (row + 1, end)
      }
    }
  }
}
