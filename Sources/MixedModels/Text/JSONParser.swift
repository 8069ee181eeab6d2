// SPDX-License-Identifier: GPL-2.0-or-later

/// Reads JSON text (RFC 8259); nil for anything else, and for an object that has a name twice, of
/// which readers see one or the other.
package struct JSONParser {
  private let text: [UInt8]
  private var position = 0
  /// Deeper nesting is refused rather than followed.
  private static let deepest = 64

  package static func value(of text: String) -> JSONValue? {
    var parser = JSONParser(text: Array(text.utf8))
    guard let value = parser.value(depth: 0) else { return nil }
    parser.skipBlanks()
    return parser.position == parser.text.count ? value : nil
  }

  private init(text: [UInt8]) { self.text = text }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipBlanks() {
    while let byte = next, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { position += 1 }
  }

  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) -> JSONValue? {
    skipBlanks()
    guard depth < Self.deepest, let byte = next else { return nil }
    switch byte {
    case UInt8(ascii: "{"): return object(depth)
    case UInt8(ascii: "["): return array(depth)
    case UInt8(ascii: "\""): return string().map(JSONValue.string)
    case UInt8(ascii: "t"): return word("true", .bool(true))
    case UInt8(ascii: "f"): return word("false", .bool(false))
    case UInt8(ascii: "n"): return word("null", .null)
    default: return number()
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) -> JSONValue? {
    guard text[position...].starts(with: word.utf8) else { return nil }
    position += word.utf8.count
    return value
  }

  private mutating func number() -> JSONValue? {
    let start = position
    while let byte = next, (48...57).contains(byte) || "+-.eE".utf8.contains(byte) {
      position += 1
    }
    let digits = String(decoding: text[start..<position], as: UTF8.self)
    if let integer = Int(digits) { return .integer(integer) }
    return Double(digits).map(JSONValue.number)
  }

  private mutating func array(_ depth: Int) -> JSONValue? {
    var elements: [JSONValue] = []
    guard
      list(
        "[", "]",
        { parser in
          guard let element = parser.value(depth: depth + 1) else { return false }
          elements.append(element)
          return true
        })
    else { return nil }
    return .array(elements)
  }

  private mutating func object(_ depth: Int) -> JSONValue? {
    var members: [(name: String, value: JSONValue)] = []
    var names: Set<String> = []
    guard
      list(
        "{", "}",
        { parser in
          parser.skipBlanks()
          guard let name = parser.string(), names.insert(name).inserted else { return false }
          parser.skipBlanks()
          guard parser.take(":"), let value = parser.value(depth: depth + 1) else { return false }
          members.append((name, value))
          return true
        })
    else { return nil }
    return .object(members)
  }

  /// Elements with commas between them; false if something else is there.
  private mutating func list(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ element: (inout JSONParser) -> Bool
  ) -> Bool {
    guard take(open) else { return false }
    skipBlanks()
    if take(close) { return true }
    while true {
      guard element(&self) else { return false }
      skipBlanks()
      if take(close) { return true }
      guard take(",") else { return false }
    }
  }

  private mutating func string() -> String? {
    guard take("\"") else { return nil }
    var bytes: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(validating: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let scalar = escaped() else { return nil }
        bytes += Array(String(scalar).utf8)
      case 0..<32: return nil
      default: bytes.append(byte)
      }
    }
    return nil
  }

  private mutating func escaped() -> Unicode.Scalar? {
    guard let byte = next else { return nil }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "u"):
      guard let high = hexadecimal() else { return nil }
      guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) }
      guard take("\\"), take("u"), let low = hexadecimal(), (0xDC00..<0xE000).contains(low) else {
        return nil
      }
      return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    default: return nil
    }
  }

  private mutating func hexadecimal() -> UInt32? {
    guard position + 4 <= text.count else { return nil }
    let digits = text[position..<position + 4]
    position += 4
    guard digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }) else { return nil }
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
