// SPDX-License-Identifier: GPL-2.0-or-later

/// The plainest reading of a well-formed table, byte by byte, to hold the reader against.
///
/// The first record is the header; blank lines are dropped.
func referenceRecords(_ text: [UInt8], separator: UInt8 = 44) -> [[String]] {
  var records: [[String]] = []
  var fields: [String] = []
  var field: [UInt8] = []
  var isQuoted = false
  var wasQuoted = false
  var i = 0
  func endField() {
    fields.append(String(decoding: field, as: UTF8.self))
    field = []
    wasQuoted = false
  }
  func endRecord() {
    if fields.isEmpty, field.isEmpty, !wasQuoted { return }
    endField()
    records.append(fields)
    fields = []
  }
  while i < text.count {
    let byte = text[i]
    if isQuoted {
      if byte == 34, i + 1 < text.count, text[i + 1] == 34 {
        field.append(34)
        i += 1
      } else if byte == 34 {
        isQuoted = false
      } else {
        field.append(byte)
      }
    } else if byte == 34, field.isEmpty, !wasQuoted {
      isQuoted = true
      wasQuoted = true
    } else if byte == separator {
      endField()
    } else if byte == 13, i + 1 == text.count || text[i + 1] == 10 {
      // belongs to the line end
    } else if byte == 10 {
      endRecord()
    } else {
      field.append(byte)
    }
    i += 1
  }
  endRecord()
  return records
}
