// SPDX-License-Identifier: GPL-2.0-or-later
import CTextScanning

/// Parses one record after the other into the slots of a plan.
///
/// The hot loop of reading. Slot s of row r is at `s * stride + r`.
struct RecordParser {
  let text: UnsafePointer<UInt8>
  /// Bytes of text.
  let count: Int
  let separator: UInt8
  let actions: UnsafeBufferPointer<FieldAction>
  let numbers: UnsafeMutablePointer<Double>
  let codes: UnsafeMutablePointer<Int32>
  let stride: Int
  let dictionaries: UnsafeMutableBufferPointer<LevelDictionary>
  let kinds: UnsafeMutableBufferPointer<KindTally>
  let missing: MissingTexts
  let decimal: UInt8
  private let point: UInt8  // before the decimals of a field without quotes
  /// Places of the user's missing texts that were met.
  private(set) var matchedMissing: Set<Int> = []
  /// Set when `parseRecord` returns −1.
  private(set) var failure: RecordFailure?
  private var unescaped = TextBuffer()
  /// Of every slot of labels the first row that may hold a marked number in place of a code, see `markedNumber`.
  private var pending: [Int]

  init(
    _ text: UnsafePointer<UInt8>, _ count: Int, _ plan: ParsePlan, _ actions: UnsafeBufferPointer<FieldAction>,
    numbers: UnsafeMutablePointer<Double>, codes: UnsafeMutablePointer<Int32>, stride: Int,
    dictionaries: UnsafeMutableBufferPointer<LevelDictionary>,
    kinds: UnsafeMutableBufferPointer<KindTally> = .init(start: nil, count: 0)
  ) {
    (self.text, self.count) = (text, count)
    separator = plan.layout.separator
    self.actions = actions
    self.numbers = numbers
    self.codes = codes
    self.stride = stride
    self.dictionaries = dictionaries
    self.kinds = kinds
    pending = [Int](repeating: .max, count: dictionaries.count)
    missing = plan.missing
    decimal = plan.decimal
    point = decimal == separator ? 0 : decimal  // no text holds a zero byte
  }

  /// The record that starts at `start` becomes row `row`.
  ///
  /// Returns where the next one starts, −1 if it cannot be read.
  @inline(__always)
  mutating func parseRecord(at start: Int, row: Int) -> Int {
    var p = start  // start of a field
    var field = 0
    while field < actions.count {
      let action = actions[field]
      var end = -1  // of the field: a separator or line feed
      if action.skipped > Self.fewFields {
        end = lmm_skip_fields(text, p, count, action.skipped, separator)
        if end >= 0 {
          (p, field) = (end + 1, field + Int(action.skipped))
          continue
        }
      }
      if action.isPlainNumber,
        !missing.begins[Int(text[p])]
      {
        let decimal = readShortDecimal(text, p, separator, point: point)
        end = decimal.end
        if end >= 0 {
          if action.numbers >= 0 {
            numbers[action.numbers * stride + row] = decimal.value
          } else {
            kinds[action.kind].addNumber()
          }
        }
      }
      if end < 0 {
        if text[p] != quote {
          end = endOfField(text, p, separator)
          if action.isWanted {
            let isCRLF = end > p && text[end - 1] == carriageReturn && text[end] == lineFeed
            let bytes = UnsafeBufferPointer(start: text + p, count: end - p - (isCRLF ? 1 : 0))
            if !store(bytes, action, row, field) { return -1 }
          }
        } else {
          end = parseQuoted(p, action, row, field)
          if end < 0 { return -1 }
        }
      }
      p = end + 1
      field += 1
      if text[end] == lineFeed { return field == actions.count ? p : ragged(start) }
    }
    return ragged(start)
  }

  /// Up to so many fields that nobody asked for are passed one by one.
  private static let fewFields = 2

  /// A quoted field: the index after it, −1 if it cannot be read.
  @inline(never)
  private mutating func parseQuoted(
    _ p: Int, _ action: FieldAction, _ row: Int, _ field: Int
  ) -> Int {
    let (closing, isDoubled) = closingQuote(p)
    let end =
      text[closing + 1] == carriageReturn && text[closing + 2] == lineFeed
      ? closing + 2 : closing + 1
    guard text[end] == separator || text[end] == lineFeed else {
      failure = RecordFailure(problem: .textAfterClosingQuote, field: field)
      return -1
    }
    if action.isWanted {
      let quoted = UnsafeBufferPointer(start: text + p + 1, count: closing - p - 1)
      guard let bytes = isDoubled ? unescape(quoted) : quoted else {
        failure = RecordFailure(problem: .outOfMemory, field: field)
        return -1
      }
      if !store(bytes, action, row, field) { return -1 }
    }
    return end
  }

  /// Index of the closing quote, and whether doubled quotes stand before it.
  private func closingQuote(_ opening: Int) -> (Int, Bool) {
    var i = opening + 1
    var isDoubled = false
    while true {
      while text[i] != quote { i += 1 }
      if text[i + 1] != quote { return (i, isDoubled) }
      isDoubled = true
      i += 2
    }
  }

  /// Nil if there is no memory for it.
  private mutating func unescape(
    _ quoted: UnsafeBufferPointer<UInt8>
  ) -> UnsafeBufferPointer<UInt8>? {
    if unescaped.capacity < quoted.count {
      guard let larger = TextBuffer(capacity: 2 * quoted.count) else { return nil }
      unescaped = larger
    }
    var count = 0
    var i = 0
    while i < quoted.count {
      unescaped.base[count] = quoted[i]
      count += 1
      i += quoted[i] == quote ? 2 : 1
    }
    return UnsafeBufferPointer(start: unescaped.base, count: count)
  }

  /// Puts a value into its slots; false if it cannot be read.
  @inline(__always)
  private mutating func store(
    _ bytes: UnsafeBufferPointer<UInt8>, _ action: FieldAction, _ row: Int, _ field: Int
  ) -> Bool {
    var match = missing.match(bytes)
    if action.isNumeric, match == MissingTexts.present { match = missing.matchNumber(bytes) }
    if match >= 0 { matchedMissing.insert(match) }
    let isMissing = match != MissingTexts.present
    if action.kind >= 0, !isMissing { kinds[action.kind].add(bytes, decimal: decimal) }
    if action.labels >= 0 {
      if isMissing {
        codes[action.labels * stride + row] = -1
      } else if action.isNumeric, decimal != decimalPoint {
        withPoints(bytes, decimal: decimal).withUnsafeBytes { storeLabel($0, action.labels, row) }
      } else {
        storeLabel(UnsafeRawBufferPointer(bytes), action.labels, row)
      }
    }
    if action.numbers >= 0 {
      if isMissing {
        numbers[action.numbers * stride + row] = .nan
      } else {
        return storeNumber(bytes, action, row, field)
      }
    }
    return true
  }

  /// A small number is put down as it is, for its code is found sooner together with those of other rows.
  @inline(__always)
  private mutating func storeLabel(_ bytes: UnsafeRawBufferPointer, _ slot: Int, _ row: Int) {
    let word = dictionaries[slot].word(bytes)
    let number = smallNumber(word)
    if number >= 0 {
      codes[slot * stride + row] = markedNumber(number)
      if pending[slot] > row { pending[slot] = row }
    } else {
      // Codes are given in the order of the rows.
      if pending[slot] <= row { settle(slot, rows: row) }
      codes[slot * stride + row] = dictionaries[slot].code(for: bytes, word: word)
    }
  }

  /// Codes in place of the numbers of a slot's first rows.
  @inline(never)
  private mutating func settle(_ slot: Int, rows: Int) {
    let first = min(pending[slot], rows)
    dictionaries[slot].replaceNumbers(
      UnsafeMutableBufferPointer(start: codes + slot * stride + first, count: rows - first))
    pending[slot] = .max
  }

  /// Codes in place of all numbers of the first rows.
  mutating func settleLabels(rows: Int) {
    for slot in pending.indices where pending[slot] < rows { settle(slot, rows: rows) }
  }

  @inline(never)
  private mutating func storeNumber(
    _ bytes: UnsafeBufferPointer<UInt8>, _ action: FieldAction, _ row: Int, _ field: Int
  ) -> Bool {
    let problem: DataError.Problem
    if action.isLogical {
      if let value = readLogical(bytes) {
        numbers[action.numbers * stride + row] = value ? 1 : 0
        return true
      }
      problem = .notALogical
    } else if let kind = action.instant {
      if let value = Instant(bytes)?.number(in: kind) {
        numbers[action.numbers * stride + row] = value
        return true
      }
      problem = .notAnInstant
    } else {
      switch readNumber(bytes, decimal: decimal) {
      case .number(let value):
        numbers[action.numbers * stride + row] = value
        return true
      case .notANumber:
        numbers[action.numbers * stride + row] = .nan
        return true
      case .infinite: problem = .notFinite
      case .text: problem = .notANumber
      }
    }
    failure = RecordFailure(problem: problem, field: field, value: Array(bytes))
    return false
  }

  @inline(never)
  private mutating func ragged(_ start: Int) -> Int {
    var fields = 1
    var p = start
    while let end = skipField(p), text[end] != lineFeed {
      fields += 1
      p = end + 1
    }
    failure = RecordFailure(problem: .raggedRow(fields: fields, headerFields: actions.count))
    return -1
  }

  /// Index after the record, whatever is wrong with it.
  func endOfRecord(from start: Int) -> Int {
    var p = start
    while let end = skipField(p), text[end] != lineFeed { p = end + 1 }
    return endOfField(text, p, lineFeed) + 1
  }

  /// Index of the separator or line feed after a field; text after a closing quote belongs to it.
  private func skipField(_ p: Int) -> Int? {
    endOfField(text, text[p] == quote ? closingQuote(p).0 + 1 : p, separator)
  }
}

extension FieldAction {
  @inline(__always)
  var isWanted: Bool { numbers >= 0 || labels >= 0 || kind >= 0 }

  /// Whether a short decimal number is all that is wanted of the field.
  @inline(__always)
  var isPlainNumber: Bool { (numbers >= 0 || kind >= 0) && labels < 0 && !isLogical && instant == nil }
}

/// Index of the first separator or line feed from `p` on; there is one.
///
/// Eight bytes at a time.
@inline(__always)
func endOfField(_ text: UnsafePointer<UInt8>, _ p: Int, _ separator: UInt8) -> Int {
  let ones: UInt64 = 0x0101_0101_0101_0101
  let separators = ones &* UInt64(separator)
  let lineFeeds = ones &* UInt64(lineFeed)
  let bytes = UnsafeRawPointer(text)
  var i = p
  while true {
    let word = UInt64(
      littleEndian: bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self))
    let a = word ^ separators
    let b = word ^ lineFeeds
    // The lowest byte flagged is the first that is zero in a or b.
    let found = ((a &- ones) & ~a | (b &- ones) & ~b) & (ones << 7)
    if found != 0 { return i + found.trailingZeroBitCount >> 3 }
    i += 8
  }
}
