// SPDX-License-Identifier: GPL-2.0-or-later

extension TableChunk {
  /// Calls `body` with the text of every row's record in turn, as the file has it, without its line
  /// end.
  ///
  /// Found by scanning the chunk's text again; the bytes are valid during the call.
  package func forEachRecord(_ body: (_ record: UnsafeBufferPointer<UInt8>) throws -> Void) rethrows
  {
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
        base, plan, actions, numbers: numbers, codes: codes, stride: 0,
        dictionaries: UnsafeMutableBufferPointer(start: nil, count: 0))
      var (row, start) = (0, 0)
      while row < rowCount {
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

  /// Name of the file that the rows come from.
  package var fileName: String { text.layout.name }
  /// Names of that file's columns, in its order.
  package var header: [String] { text.layout.header }
  /// What stands between the fields there.
  package var separator: UInt8 { text.layout.separator }
}

extension TableReader {
  /// What stands between the fields of the first source.
  package var separator: UInt8 { firstLayout.separator }
}
