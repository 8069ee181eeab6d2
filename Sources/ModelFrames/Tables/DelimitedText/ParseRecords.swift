// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A record that cannot be read.
struct RecordFailure {
  var problem: DataError.Problem
  var recordStart = 0
  var field: Int?
  var value: [UInt8]?
}

/// How far the parser came.
struct RecordsParsed {
  var rows: Int
  var recordStart: Int  // of the record it stopped at
  var failure: RecordFailure?
}

/// Parses whole records, `text[0..<count]`, that end in a line feed and have closed quotes; bytes
/// up to `TextBuffer.padding` beyond may be loaded.
///
/// Blank lines are skipped, and so are lines of blanks in a table of several columns. Stops at the
/// first record that is ragged, holds a zero byte, is too long, or has an unreadable value; and
/// at row `stopAtRow`.
func parseRecords(
  _ text: UnsafePointer<UInt8>, _ count: Int, _ plan: ParsePlan, _ parser: inout RecordParser,
  stopAtRow: Int = .max
) -> RecordsParsed {
  let zero = memchr(text, 0, count).map { UnsafeRawPointer($0) - UnsafeRawPointer(text) } ?? .max
  let longest = count > plan.maximumRecordBytes ? plan.maximumRecordBytes : .max
  var row = 0
  var start = 0
  defer { parser.settleLabels(rows: row) }
  while start < count {
    if text[start] == lineFeed {
      start += 1
      continue
    }
    if text[start] == carriageReturn, text[start + 1] == lineFeed {
      start += 2
      continue
    }
    let end = parser.parseRecord(at: start, row: row)
    let recordEnd = end < 0 ? parser.endOfRecord(from: start) : end
    if end < 0 || recordEnd > zero || recordEnd - start > longest {
      if isBlankLine(text, start), plan.actions.count > 1 {
        start = recordEnd
        continue
      }
      var failure = parser.failure ?? RecordFailure(problem: .nullByte)
      if recordEnd > zero { failure = RecordFailure(problem: .nullByte) }
      if recordEnd - start > longest {
        failure = RecordFailure(problem: .recordTooLong(limit: longest))
      }
      failure.recordStart = start
      return RecordsParsed(rows: row, recordStart: start, failure: failure)
    }
    if row == stopAtRow { break }
    row += 1
    start = end
  }
  return RecordsParsed(rows: row, recordStart: start, failure: nil)
}

private func isBlankLine(_ text: UnsafePointer<UInt8>, _ start: Int) -> Bool {
  var i = start
  while isBlank(text[i]) { i += 1 }
  if text[i] == carriageReturn { i += 1 }
  return text[i] == lineFeed
}
