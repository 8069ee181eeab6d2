// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The requested columns of a chunk, up to the first record that cannot be read.
struct ParsedChunk {
  var rowCount: Int
  var lineFeeds: Int  // in the whole chunk
  var columns: [ColumnChunk]
  var failure: TextFailure?
  var matchedMissing: Set<Int>  // places of the user's missing texts that stand in the columns
}

/// Parses all records of a chunk.
///
/// The columns hold the rows before the failure, if there is one.
func parseChunk(_ text: TextChunk, _ plan: ParsePlan) -> ParsedChunk {
  let lineFeeds = countLineFeeds(text.buffer.base, text.count)
  let capacity = min(lineFeeds, mostRows(text.count, fields: plan.actions.count))
  // Twice, for the columns are copied out.
  let slotBytes = 8 * plan.numberSlots + 4 * plan.labelSlots
  do throws(MemoryShortage) {
    try requireMemory(2 * Double(capacity) * Double(slotBytes), for: "columns", remedy: "")
  } catch {
    let failure = TextFailure(error: DataError(.outOfMemory, file: text.layout.name))
    return ParsedChunk(
      rowCount: 0, lineFeeds: lineFeeds, columns: plan.slots.map { _ in ColumnChunk() }, failure: failure,
      matchedMissing: [])
  }
  let numbers = UnsafeMutablePointer<Double>.allocate(capacity: capacity * plan.numberSlots)
  let codes = UnsafeMutablePointer<Int32>.allocate(capacity: capacity * plan.labelSlots)
  defer {
    numbers.deallocate()
    codes.deallocate()
  }
  var dictionaries = [LevelDictionary](repeating: LevelDictionary(), count: plan.labelSlots)
  var matchedMissing: Set<Int> = []
  let parse = dictionaries.withUnsafeMutableBufferPointer { dictionaries in
    plan.actions.withUnsafeBufferPointer { actions in
      var parser = RecordParser(
        text.buffer.base, text.count, plan, actions, numbers: numbers, codes: codes, stride: capacity,
        dictionaries: dictionaries)
      defer { matchedMissing = parser.matchedMissing }
      return parseRecords(text.buffer.base, text.count, plan, &parser)
    }
  }
  let malformed = firstMalformed(dictionaries, codes, capacity, rows: parse.rows)
  let rows = malformed?.row ?? parse.rows
  let columns = plan.slots.map { slot in
    ColumnChunk(
      numbers: slot.numbers < 0 ? [] : column(numbers, slot.numbers, capacity, rows),
      codes: slot.labels < 0 ? [] : column(codes, slot.labels, capacity, rows),
      labels: slot.labels < 0 ? LevelDictionary() : dictionaries[slot.labels])
  }
  return ParsedChunk(
    rowCount: rows, lineFeeds: lineFeeds, columns: columns,
    failure: malformed.map { malformedFailure($0.row, $0.slot, dictionaries, text, plan) }
      ?? parse.failure.map { $0.located(text, plan) },
    matchedMissing: matchedMissing)
}

/// The first row with a label that is no UTF-8, and the label's slot.
private func firstMalformed(
  _ dictionaries: [LevelDictionary], _ codes: UnsafeMutablePointer<Int32>, _ stride: Int, rows: Int
) -> (row: Int, slot: Int)? {
  var first: (row: Int, slot: Int)?
  for (slot, labels) in dictionaries.enumerated() {
    guard let code = labels.firstMalformed else { continue }
    let values = UnsafeBufferPointer(start: codes + slot * stride, count: rows)
    if let row = values.firstIndex(of: code), row < first?.row ?? .max { first = (row, slot) }
  }
  return first
}

private func malformedFailure(
  _ row: Int, _ slot: Int, _ dictionaries: [LevelDictionary], _ text: TextChunk, _ plan: ParsePlan
) -> TextFailure {
  let field = plan.actions.firstIndex { $0.labels == slot }!
  let code = dictionaries[slot].firstMalformed!
  let error = dictionaries[slot].withBytes(of: code) {
    DataError.notUTF8($0, file: plan.layout.name, column: plan.layout.header[field])
  }
  return TextFailure(error: error, linesIntoChunk: linesBefore(row: row, text, plan))
}

/// Rows that a text can hold, and one that is given up: blank lines, of which there may be a million
/// to a chunk, are none, so that the columns take a few bytes for each of the text at most.
private func mostRows(_ bytes: Int, fields: Int) -> Int { bytes / max(fields, 2) + 1 }

/// The values of one slot.
private func column<Element>(
  _ values: UnsafeMutablePointer<Element>, _ slot: Int, _ stride: Int, _ rows: Int
) -> [Element] {
  Array(UnsafeBufferPointer(start: values + slot * stride, count: rows))
}

/// Line feeds between the start of the chunk and the start of a row's record.
func linesBefore(row: Int, _ text: TextChunk, _ plan: ParsePlan) -> Int {
  let skipAll = [FieldAction](repeating: FieldAction(), count: plan.actions.count)
  let numbers = UnsafeMutablePointer<Double>.allocate(capacity: 1)  // never written
  let codes = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
  defer {
    numbers.deallocate()
    codes.deallocate()
  }
  let stop = skipAll.withUnsafeBufferPointer { actions in
    var parser = RecordParser(
      text.buffer.base, text.count, plan, actions, numbers: numbers, codes: codes, stride: 0,
      dictionaries: UnsafeMutableBufferPointer(start: nil, count: 0))
    return parseRecords(text.buffer.base, text.count, plan, &parser, stopAtRow: row)
  }
  return countLineFeeds(text.buffer.base, stop.recordStart)
}

extension RecordFailure {
  /// The failure as an error, with its line relative to the chunk.
  func located(_ text: TextChunk, _ plan: ParsePlan) -> TextFailure {
    let header = plan.layout.header
    var error = DataError(problem, file: plan.layout.name)
    if let field, field < header.count { error.column = header[field] }
    if let value { error.value = String(decoding: value, as: UTF8.self) }
    return TextFailure(
      error: error, linesIntoChunk: countLineFeeds(text.buffer.base, recordStart))
  }
}
