// SPDX-License-Identifier: GPL-2.0-or-later

/// What the values of a column were like so far, missing ones left out.
struct KindTally {
  private var values = 0
  private var numbers = 0
  private var areLogical = true

  @inline(__always)
  mutating func addNumber() {
    values += 1
    numbers += 1
    areLogical = false
  }

  mutating func add(_ field: UnsafeBufferPointer<UInt8>) {
    values += 1
    if readNumber(field) != .text { numbers += 1 }
    if areLogical, readLogical(field) == nil { areLogical = false }
  }

  var kind: ColumnKind {
    if values == 0 { return .empty }
    if areLogical { return .logical }
    return 2 * numbers >= values ? .numeric : .categorical
  }
}

/// The kinds of all columns in a chunk, from the rows before the first that cannot be read.
func columnKinds(_ text: TextChunk, _ options: ReadingOptions) -> [ColumnKind] {
  let plan = ParsePlan(
    kindsIn: text.layout, missing: MissingTexts(options.missingTexts),
    maximumRecordBytes: options.maximumRecordBytes)
  let numbers = UnsafeMutablePointer<Double>.allocate(capacity: 1)  // never written
  let codes = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
  defer {
    numbers.deallocate()
    codes.deallocate()
  }
  var tallies = [KindTally](repeating: KindTally(), count: plan.actions.count)
  tallies.withUnsafeMutableBufferPointer { tallies in
    plan.actions.withUnsafeBufferPointer { actions in
      var parser = RecordParser(
        text.buffer.base, plan, actions, numbers: numbers, codes: codes, stride: 0,
        dictionaries: UnsafeMutableBufferPointer(start: nil, count: 0), kinds: tallies)
      _ = parseRecords(text.buffer.base, text.count, plan, &parser)
    }
  }
  return tallies.map(\.kind)
}
