// SPDX-License-Identifier: GPL-2.0-or-later

/// The levels of a factor as R makes them from the column's texts.
package struct LevelOrder: Sendable, Equatable {
  /// Sorted, all different.
  package let labels: [String]
  /// The level of each code: index into `labels`.
  package let ranks: [Int32]

  package init(labels: [String], ranks: [Int32]) {
    self.labels = labels
    self.ranks = ranks
  }
}

/// The levels in R's order and words, and the level of every code.
///
/// - All labels numbers: sorted by value, equal numbers are one level, named as `as.character`
///   names them: digits if all are integers that fit 32 bits, otherwise 15 significant digits,
///   `1e+05` for 100000. Unlike R, integers beyond 2⁵³ keep all their digits, and a column of
///   integers with one of these keeps plain digits throughout.
/// - All labels logical, as R, pandas or PostgreSQL write them: `FALSE`, `TRUE`.
/// - Otherwise: by bytes, as R does in the C locale.
package func sortedLevels(_ dictionary: LevelDictionary) -> LevelOrder {
  if dictionary.count == 0 { return LevelOrder(labels: [], ranks: []) }
  if let order = smallIntegerOrder(dictionary) { return order }
  if let keys = numberKeys(dictionary) {
    return LevelOrder(sorting: keys, by: { $0 < $1 }, name: { $0.label })
  }
  if let keys = logicalKeys(dictionary) {
    return LevelOrder(sorting: keys, by: { !$0 && $1 }, name: { $0 ? "TRUE" : "FALSE" })
  }
  return byteSortedLevels(dictionary)
}

/// The labels by their bytes, whatever they mean.
package func byteSortedLevels(_ dictionary: LevelDictionary) -> LevelOrder {
  if dictionary.count == 0 { return LevelOrder(labels: [], ranks: []) }
  return LevelOrder(byteOrder(dictionary)) { dictionary.label($0) }
}

extension LevelOrder {
  /// Levels from `keys`, one per code; codes whose keys have the same name share a level.
  fileprivate init<Key>(
    sorting keys: [Key], by precedes: (Key, Key) -> Bool, name: (Key) -> String
  ) {
    let order = (0..<UInt32(keys.count)).sorted { precedes(keys[Int($0)], keys[Int($1)]) }
    self.init(order) { name(keys[Int($0)]) }
  }

  /// Levels from codes in their order; neighbours of the same name share a level.
  fileprivate init(_ order: [UInt32], name: (Int32) -> String) {
    var labels: [String] = []
    labels.reserveCapacity(order.count)
    var ranks = [Int32](repeating: 0, count: order.count)
    for code in order {
      let label = name(Int32(code))
      if labels.last?.hasBytes(of: label) != true { labels.append(label) }
      ranks[Int(code)] = Int32(labels.count - 1)
    }
    self.labels = labels
    self.ranks = ranks
  }
}

/// The levels if all labels are integers of R's 32 bits, with no more than a minus sign before the
/// digits.
private func smallIntegerOrder(_ dictionary: LevelDictionary) -> LevelOrder? {
  var values: [Int64] = []
  values.reserveCapacity(dictionary.count)
  for code in 0..<Int32(dictionary.count) {
    let value = dictionary.withBytes(of: code, smallInteger)
    guard let value else { return nil }
    values.append(value)
  }
  let order = radixOrder(values.map { UInt64($0 + 1 << 32) })
  return LevelOrder(order) { String(values[Int($0)]) }
}

private func smallInteger(_ text: UnsafeRawBufferPointer) -> Int64? {
  let isNegative = text.first == UInt8(ascii: "-")
  let digits = isNegative ? text.dropFirst() : text[...]
  guard (1...10).contains(digits.count) else { return nil }
  var value: Int64 = 0
  for byte in digits {
    let digit = byte &- 48
    guard digit < 10 else { return nil }
    value = value * 10 + Int64(digit)
  }
  return value <= 2_147_483_647 ? (isNegative ? -value : value) : nil
}

/// The codes, their labels in the order of their bytes.
private func byteOrder(_ dictionary: LevelDictionary) -> [UInt32] {
  let common = commonPrefixLength(dictionary)
  let keys = (0..<Int32(dictionary.count)).map { code in
    dictionary.withBytes(of: code) { bytes in
      // Eight bytes from where labels differ; a label that ends before is filled up with zeros.
      (common..<common + 8).reduce(UInt64(0)) {
        $0 << 8 | ($1 < bytes.count ? UInt64(bytes[$1]) : 0)
      }
    }
  }
  var order = radixOrder(keys)
  var start = 0
  while start < order.count {
    var end = start + 1
    while end < order.count, keys[Int(order[end])] == keys[Int(order[start])] { end += 1 }
    if end - start > 1 {
      order[start..<end].sort { a, b in
        dictionary.withBytes(of: Int32(a)) { a in
          dictionary.withBytes(of: Int32(b)) { a.lexicographicallyPrecedes($0) }
        }
      }
    }
    start = end
  }
  return order
}

/// Number of bytes that all labels begin with.
private func commonPrefixLength(_ dictionary: LevelDictionary) -> Int {
  dictionary.withBytes(of: 0) { first in
    var length = first.count
    for code in 1..<max(1, Int32(dictionary.count)) {
      dictionary.withBytes(of: code) { bytes in
        length = min(length, bytes.count)
        var i = 0
        while i < length, bytes[i] == first[i] { i += 1 }
        length = i
      }
    }
    return length
  }
}

private func logicalKeys(_ dictionary: LevelDictionary) -> [Bool]? {
  guard dictionary.areLogical else { return nil }
  return (0..<Int32(dictionary.count)).map { code in
    dictionary.withBytes(of: code) { readLogical($0.bindMemory(to: UInt8.self))! }
  }
}

extension LevelDictionary {
  /// Whether the labels are ways to write TRUE and FALSE, at least one of them.
  package var areLogical: Bool {
    var words = LogicalWords()
    for code in 0..<Int32(count) {
      withBytes(of: code) { words.add($0.bindMemory(to: UInt8.self)) }
      if !words.areAllLogical { return false }
    }
    return words.areLogical
  }
}

/// A number among the labels: sorts by value, then integers beyond 2⁵³ by their digits.
private struct NumberKey {
  let value: Double
  let digits: [UInt8]  // of an integer beyond 2⁵³, without leading zeros; otherwise empty
  var isPlainInteger = false  // named by its digits, however many

  static func < (a: NumberKey, b: NumberKey) -> Bool {
    if a.value != b.value { return a.value < b.value }
    if a.digits.count != b.digits.count {
      return (a.digits.count < b.digits.count) != (a.value < 0 && !a.digits.isEmpty)
    }
    return a.value < 0
      ? b.digits.lexicographicallyPrecedes(a.digits)
      : a.digits.lexicographicallyPrecedes(b.digits)
  }

  var label: String {
    if !digits.isEmpty {
      return (value < 0 ? "-" : "") + String(decoding: digits, as: UTF8.self)
    }
    return isPlainInteger ? String(Int64(value)) : numberLabel(value)
  }
}

/// One key per code, or nil if a label is no finite number.
private func numberKeys(_ dictionary: LevelDictionary) -> [NumberKey]? {
  var keys: [NumberKey] = []
  keys.reserveCapacity(dictionary.count)
  var areIntegers = true
  var areSmall = true  // fit 32 bits, and are not the NA of R's integers
  for code in 0..<Int32(dictionary.count) {
    let key: NumberKey? = dictionary.withBytes(of: code) { bytes in
      let text = bytes.bindMemory(to: UInt8.self)
      guard case .number(let value) = readNumber(text) else { return nil }
      let isInteger = isIntegerText(text)
      if !isInteger { areIntegers = false }
      if value.magnitude > 2_147_483_647 { areSmall = false }
      let isLarge = isInteger && value.magnitude >= 0x1p53
      return NumberKey(value: value, digits: isLarge ? significantDigits(text) : [])
    }
    guard let key else { return nil }
    keys.append(key)
  }
  if areIntegers, areSmall || keys.contains(where: { !$0.digits.isEmpty }) {
    for i in keys.indices { keys[i].isPlainInteger = true }
  }
  return keys
}

/// What tells a number from others when levels are merged: its value, and the digits of an integer
/// beyond 2⁵³; nil for text and infinite values.
func numberMeaning(_ text: UnsafeBufferPointer<UInt8>) -> (value: Double, digits: [UInt8])? {
  guard case .number(let value) = readNumber(text) else { return nil }
  let isLarge = isIntegerText(text) && value.magnitude >= 0x1p53
  return (value, isLarge ? significantDigits(text) : [])
}

/// [sign] digits, blanks around it.
private func isIntegerText(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
  let (first, last) = trimmed(text)
  let hasSign = text[first] == UInt8(ascii: "-") || text[first] == UInt8(ascii: "+")
  return text[(hasSign ? first + 1 : first)..<last].allSatisfy { (48...57).contains($0) }
}

private func significantDigits(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
  Array(text.filter { (48...57).contains($0) }.drop { $0 == 48 })
}
