// SPDX-License-Identifier: GPL-2.0-or-later

/// What the values of a column were like so far, missing ones left out.
struct KindTally {
  private var values = 0
  private var numbers = 0
  private var logical = LogicalWords()
  private var instants = InstantTally()
  private var hasPlainNumbers = false

  @inline(__always)
  mutating func addNumber() {
    values += 1
    numbers += 1
    hasPlainNumbers = true
  }

  mutating func add(_ field: UnsafeBufferPointer<UInt8>, decimal: UInt8) {
    values += 1
    if readNumber(field, decimal: decimal) != .text { numbers += 1 }
    logical.add(field)
    instants.add(field)
  }

  var kind: ColumnKind {
    if values == 0 { return .empty }
    if logical.areAllLogical, !hasPlainNumbers { return .logical }
    if !hasPlainNumbers, let kind = instants.kind { return kind }
    return 2 * numbers >= values ? .numeric : .categorical
  }
}

/// The kinds of all columns in a chunk, from the rows before the first that cannot be read.
///
/// - Throws: the error if that is the very first.
func columnKinds(_ text: TextChunk, _ options: ReadingOptions) throws(TextFailure) -> [ColumnKind] {
  let plan = ParsePlan(kindsIn: text.layout, options)
  let numbers = UnsafeMutablePointer<Double>.allocate(capacity: 1)  // never written
  let codes = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
  defer {
    numbers.deallocate()
    codes.deallocate()
  }
  var tallies = [KindTally](repeating: KindTally(), count: plan.actions.count)
  let parsed = tallies.withUnsafeMutableBufferPointer { tallies in
    plan.actions.withUnsafeBufferPointer { actions in
      var parser = RecordParser(
        text.buffer.base, text.count, plan, actions, numbers: numbers, codes: codes, stride: 0,
        dictionaries: UnsafeMutableBufferPointer(start: nil, count: 0), kinds: tallies)
      return parseRecords(text.buffer.base, text.count, plan, &parser)
    }
  }
  if parsed.rows == 0, let failure = parsed.failure { throw failure.located(text, plan) }
  return tallies.map(\.kind)
}
