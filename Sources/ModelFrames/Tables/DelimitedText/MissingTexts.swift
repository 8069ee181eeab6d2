// SPDX-License-Identifier: GPL-2.0-or-later

/// The texts that mean "missing": the empty field, `NA`, `NaN`, and what the user names.
struct MissingTexts: Sendable {
  private let others: [[UInt8]]  // without surrounding blanks
  private let numbers: [Double]  // what those mean that are numbers, NaN for others
  private let decimal: UInt8
  /// 256 flags: a field that begins with this byte may be one of the user's missing texts.
  let begins: [Bool]
  /// Whether one of the user's texts is a number, so that fields may mean the same.
  let holdsNumbers: Bool

  init(_ options: ReadingOptions) {
    let decimal = options.decimalComma ? decimalComma : decimalPoint
    let texts = options.missingTexts.sorted().map { text in
      Array(text.utf8).withUnsafeBufferPointer { bytes in
        let (first, last) = trimmed(bytes)
        return Array(bytes[first..<last])
      }
    }
    .filter { !$0.isEmpty }
    let numbers = texts.map { text in
      text.withUnsafeBufferPointer { field -> Double in
        guard case .number(let value) = readNumber(field, decimal: decimal) else { return .nan }
        return value
      }
    }
    var begins = [Bool](repeating: false, count: 256)
    for (text, number) in zip(texts, numbers) {
      begins[Int(text[0])] = true
      if !number.isNaN {
        for byte in firstBytes(of: number, decimal) { begins[Int(byte)] = true }
      }
    }
    (self.begins, self.numbers, self.decimal) = (begins, numbers, decimal)
    others = texts
    holdsNumbers = numbers.contains { !$0.isNaN }
  }

  /// The user's texts, in the order of their places.
  var texts: [String] { others.map { String(decoding: $0, as: UTF8.self) } }

  // What a field may be beside one of the user's texts, which are known by their places 0, 1, …
  static let present = -1
  static let usual = -2

  /// Whether the field is missing, and by which text.
  ///
  /// Surrounding blanks do not count.
  @inline(__always)
  func match(_ field: UnsafeBufferPointer<UInt8>) -> Int {
    if field.isEmpty { return Self.usual }
    let byte = field[0]
    if byte != UInt8(ascii: "N"), !isBlank(byte), !begins[Int(byte)] { return Self.present }
    return matchTrimmed(field)
  }

  @inline(never)
  private func matchTrimmed(_ field: UnsafeBufferPointer<UInt8>) -> Int {
    let (first, last) = trimmed(field)
    let text = UnsafeBufferPointer(rebasing: field[first..<last])
    if text.isEmpty || text.elementsEqual("NA".utf8) || text.elementsEqual("NaN".utf8) {
      return Self.usual
    }
    return others.firstIndex { text.elementsEqual($0) } ?? Self.present
  }

  /// Whether a field of a numeric column is the same number as one of the user's texts.
  @inline(never)
  func matchNumber(_ field: UnsafeBufferPointer<UInt8>) -> Int {
    guard case .number(let value) = readNumber(field, decimal: decimal) else { return Self.present }
    return numbers.firstIndex(of: value) ?? Self.present
  }
}

extension MissingTexts {
  /// Which of the user's texts a number is equal to.
  func match(_ value: Double) -> Int { numbers.firstIndex(of: value) ?? Self.present }
}

/// What the ways to write a number in decimals may begin with; a blank always may be there.
private func firstBytes(of number: Double, _ decimal: UInt8) -> [UInt8] {
  if number < 0 { return [UInt8(ascii: "-")] }
  var bytes = [UInt8(ascii: "0"), UInt8(ascii: "+"), decimal]
  if number == 0 { bytes.append(UInt8(ascii: "-")) }
  let digits = number.description.utf8
  if let digit = digits.first(where: { (49...57).contains($0) }) { bytes.append(digit) }
  return bytes
}
