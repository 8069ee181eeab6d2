// SPDX-License-Identifier: GPL-2.0-or-later

/// The header of a table: where it ends, what separates its fields, and their names.
struct HeaderRecord {
  let separator: UInt8
  let names: [String]

  /// A longer header is refused, for each of its columns takes some hundred bytes.
  static let maximumBytes = 1 << 24
  static let maximumColumns = 1_000_000

  /// The names in `record`, the header's bytes without its line end.
  ///
  /// - Throws: too many columns, text after a closing quote, a name that is no UTF-8, or two columns of
  ///   one name.
  init(
    _ record: UnsafeBufferPointer<UInt8>, separator given: UInt8?, decimalComma: Bool, file: String,
    line: Int
  ) throws(DataError) {
    separator =
      given
      ?? detectSeparator(record, prefersTab: hasTabSuffix(file), decimalComma: decimalComma)
    let mark = separator
    guard record.count(where: { $0 == mark }) < Self.maximumColumns else {
      throw DataError(.tooManyColumns(limit: Self.maximumColumns), file: file, line: line)
    }
    guard let fields = splitRecord(record, separator: separator) else {
      let isBlank = record.contains(32) && splitRecord(record, separator: 32) != nil
      throw DataError(
        isBlank ? .blankSeparatedHeader : .textAfterClosingQuote, file: file, line: line)
    }
    names = try fields.map { (field) throws(DataError) -> String in
      let (first, last) = field.withUnsafeBufferPointer { trimmed($0) }
      let bytes = field[first..<last]
      guard let name = validText(bytes) else {
        let text = String(decoding: bytes, as: UTF8.self)
        throw .notUTF8(bytes, file: file, line: line, column: text)
      }
      return name
    }
    var seen: Set<String> = []
    for name in names where !name.isEmpty && !seen.insert(name).inserted {
      throw DataError(.duplicateColumn, file: file, line: line, column: name)
    }
  }
}

/// Index of the line feed that ends the first record, and of the quote that is open at the end of a
/// text that ends before it.
///
/// With no separator given, a quote may open after any candidate.
func endOfRecord(
  _ text: UnsafeBufferPointer<UInt8>, separator: UInt8?
) -> (end: Int?, openQuote: Int?) {
  var state = QuoteState(separators: separator.map { [$0] } ?? candidates)
  var opening: Int?
  for (i, byte) in text.enumerated() {
    let wasQuoted = state.isQuoted
    state.advance(byte)
    if byte == lineFeed, !state.isQuoted { return (i, nil) }
    if state.isQuoted, !wasQuoted, i == 0 || text[i - 1] != quote { opening = i }
  }
  return (nil, state.isQuoted ? opening : nil)
}

/// Whether the reader of a record stands inside quotes, byte by byte.
private struct QuoteState {
  let separators: [UInt8]
  private(set) var isQuoted = false
  private var mayOpen = true  // at the start of a field, or just after a quote that closed

  init(separators: [UInt8]) { self.separators = separators }

  mutating func advance(_ byte: UInt8) {
    if isQuoted {
      isQuoted = byte != quote
      mayOpen = !isQuoted
    } else {
      isQuoted = byte == quote && mayOpen
      mayOpen = separators.contains(byte)
    }
  }
}

/// The separator of a first line like `sep=;`, which Excel writes and reads; nil of any other line.
func namedSeparator(_ line: UnsafeBufferPointer<UInt8>) -> UInt8? {
  let bytes = line.filter { $0 != quote && $0 != carriageReturn }
  guard bytes.count == 5, String(decoding: bytes[..<4], as: UTF8.self).lowercased() == "sep=",
    canSeparate(bytes[4])
  else { return nil }
  return bytes[4]
}

let quote = UInt8(ascii: "\"")
let lineFeed = UInt8(ascii: "\n")
let carriageReturn = UInt8(ascii: "\r")
private let candidates: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), 9, UInt8(ascii: "|")]

private func hasTabSuffix(_ name: String) -> Bool {
  let name = name.lowercased()
  return [".tsv", ".tab", ".tsv.gz", ".tab.gz"].contains { name.hasSuffix($0) }
}

/// The candidate that stands outside quotes most often; ties go to `,` then `;`, tab, `|`.
///
/// Where commas stand before decimals, they separate fields only if nothing else does.
private func detectSeparator(
  _ record: UnsafeBufferPointer<UInt8>, prefersTab: Bool, decimalComma: Bool
) -> UInt8 {
  var counts = [Int](repeating: 0, count: 256)
  var state = QuoteState(separators: candidates)
  for byte in record {
    state.advance(byte)
    if !state.isQuoted { counts[Int(byte)] += 1 }
  }
  if decimalComma, candidates.dropFirst().contains(where: { counts[Int($0)] > 0 }) {
    counts[Int(candidates[0])] = 0
  }
  let most = candidates.map { counts[Int($0)] }.max() ?? 0
  if prefersTab, counts[9] > 0 || most == 0 { return 9 }
  return candidates.first { counts[Int($0)] == most } ?? UInt8(ascii: ",")
}

/// The fields of one record without its line end, unquoted; nil if text follows a closing quote.
func splitRecord(_ record: UnsafeBufferPointer<UInt8>, separator: UInt8) -> [[UInt8]]? {
  var fields: [[UInt8]] = []
  var i = 0
  while true {
    var field: [UInt8] = []
    if i < record.count, record[i] == quote {
      i += 1
      while i < record.count {
        if record[i] == quote {
          i += 1
          if i == record.count || record[i] != quote { break }
        }
        field.append(record[i])
        i += 1
      }
      if i < record.count, record[i] != separator { return nil }
    } else {
      while i < record.count, record[i] != separator {
        field.append(record[i])
        i += 1
      }
    }
    fields.append(field)
    if i == record.count { return fields }
    i += 1
  }
}
