// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow

/// What the values of a column are, by the format string of Arrow's schema.
indirect enum ArrowType: Sendable, Equatable {
  case null
  case boolean
  case integer(bytes: Int, isSigned: Bool)
  /// 4 or 8 bytes.
  case float(bytes: Int)
  /// Strings, or bytes that are taken for strings, with offsets of 4 or 8 bytes.
  case text(offsetBytes: Int)
  /// Strings, or bytes, each with its place.
  case textView
  case decimal(scale: Int, bytes: Int)
  /// Days since 1970, or milliseconds that are days.
  case date(inMilliseconds: Bool)
  /// Since 1970 began in UTC.
  case timestamp(unitsPerSecond: Int)
  /// Places in a list of values.
  case dictionary(indexBytes: Int, isSigned: Bool, values: ArrowType)
  /// One that is not read.
  case unreadable(format: String)

  init(_ schema: ArrowSchema) {
    let format = schema.format.map { String(cString: $0) } ?? ""
    self = schema.dictionary.map { ArrowType(format: format, places: ArrowType($0.pointee)) } ?? ArrowType(format: format)
  }

  /// Places, of integers as `format` says, in a list of values of a type.
  init(format: String, places type: ArrowType) {
    guard case .integer(let bytes, let isSigned) = ArrowType(format: format) else {
      self = .unreadable(format: format)
      return
    }
    switch type {
    case .unreadable, .dictionary: self = .unreadable(format: "dictionary of \(type.format)")
    default: self = .dictionary(indexBytes: bytes, isSigned: isSigned, values: type)
    }
  }

  init(format: String) {
    switch format {
    case "n": self = .null
    case "b": self = .boolean
    case "c": self = .integer(bytes: 1, isSigned: true)
    case "C": self = .integer(bytes: 1, isSigned: false)
    case "s": self = .integer(bytes: 2, isSigned: true)
    case "S": self = .integer(bytes: 2, isSigned: false)
    case "i": self = .integer(bytes: 4, isSigned: true)
    case "I": self = .integer(bytes: 4, isSigned: false)
    case "l": self = .integer(bytes: 8, isSigned: true)
    case "L": self = .integer(bytes: 8, isSigned: false)
    case "f": self = .float(bytes: 4)
    case "g": self = .float(bytes: 8)
    case "u", "z": self = .text(offsetBytes: 4)
    case "U", "Z": self = .text(offsetBytes: 8)
    case "vu", "vz": self = .textView
    case "tdD": self = .date(inMilliseconds: false)
    case "tdm": self = .date(inMilliseconds: true)
    default: self = Self.parameterized(format) ?? .unreadable(format: format)
    }
  }

  private static func parameterized(_ format: String) -> ArrowType? {
    if format.hasPrefix("ts"), format.utf8.count >= 4, format.utf8.dropFirst(3).first == UInt8(ascii: ":") {
      let units: [UInt8: Int] = [
        UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 1000, UInt8(ascii: "u"): 1_000_000,
        UInt8(ascii: "n"): 1_000_000_000,
      ]
      return units[format.utf8.dropFirst(2).first!].map { .timestamp(unitsPerSecond: $0) }
    }
    guard format.hasPrefix("d:") else { return nil }
    let fields = format.dropFirst(2).split(separator: ",").map { Int($0) }
    guard (2...3).contains(fields.count), let scale = fields[1], (-1000...1000).contains(scale),
      let bits = fields.count == 3 ? fields[2] : 128, [32, 64, 128, 256].contains(bits)
    else { return nil }
    return .decimal(scale: scale, bytes: bits / 8)
  }

  /// Whether values are labels and never numbers.
  var isLabel: Bool {
    switch self {
    case .text, .textView, .dictionary: true
    default: false
    }
  }

  /// What the values of this type are; nil for texts, at which one has to look.
  var kind: ColumnKind? {
    switch self {
    case .boolean: .logical
    case .null: .empty
    case .text, .textView, .dictionary: nil
    case .date: .date
    case .timestamp: .dateTime
    case .integer, .float, .decimal, .unreadable: .numeric
    }
  }

  /// Buffers that an array of this type has at least.
  var bufferCount: Int {
    switch self {
    case .null, .unreadable: 0
    case .text, .textView: 3
    default: 2
    }
  }

  /// As messages tell kinds of columns apart; nil where any will do, or none.
  var words: String? {
    switch self {
    case .boolean: "logical values"
    case .text, .textView, .dictionary: "texts"
    case .integer, .float, .decimal: "numbers"
    case .date: "dates"
    case .timestamp: "timestamps"
    case .null, .unreadable: nil
    }
  }

  /// What Arrow calls a type that cannot be read, with its name in words, `“tDu”, durations,`.
  static func described(_ format: String) -> String {
    let words: KeyValuePairs = [
      "+s": "structures", "+l": "lists", "+L": "lists", "+w": "lists", "+v": "lists", "+m": "maps", "+u": "unions",
      "+r": "run-end encoded values", "tD": "durations", "tt": "times of day", "ti": "intervals of time",
      "w:": "bytes of a fixed length", "e": "floating-point numbers of two bytes",
    ]
    // A letter for the unit follows kinds of time, sizes follow those of lists and bytes.
    let known = words.first { key, _ in
      format.hasPrefix(key) && (key.first == "t" ? format.count == 3 : key != "e" || format == key)
    }
    return "“\(format)”" + (known.map { ", \($0.value)," } ?? "")
  }

  /// As messages name what cannot be read.
  var format: String {
    if case .unreadable(let format) = self { Self.described(format) } else { "a dictionary" }
  }
}
