// SPDX-License-Identifier: GPL-2.0-or-later

/// What the values of a column are, once they are decoded.
package enum ParquetType: Sendable, Equatable {
  /// Bits, the lowest first.
  case boolean
  case integer(bytes: Int, isSigned: Bool)
  /// Of 4 or 8 bytes.
  case float(bytes: Int)
  /// Strings, and bytes that are taken for strings: places of 8 bytes, and the bytes.
  case text
  /// Whole numbers of 4, 8, 16 or 32 bytes, in units of 10^−scale.
  case decimal(scale: Int, bytes: Int)
  /// Days since 1970 began, of 4 bytes.
  case date
  /// Since 1970 began in UTC, of 8 bytes.
  case timestamp(unitsPerSecond: Int)
  /// All are missing.
  case null
  /// Values that are no column of a table of numbers and labels, in words.
  case unreadable(String)

  /// Bytes of a value; nil for bits and texts.
  var width: Int? {
    switch self {
    case .integer(let bytes, _), .float(let bytes), .decimal(_, let bytes): bytes
    case .date: 4
    case .timestamp: 8
    case .boolean, .text, .null, .unreadable: nil
    }
  }
}

/// How values are stored: Parquet's physical types.
enum StoredType: Equatable {
  case boolean, int32, int64, int96, float, double, bytes
  case fixed(Int)

  init?(_ code: Int, length: Int) {
    switch code {
    case 0: self = .boolean
    case 1: self = .int32
    case 2: self = .int64
    case 3: self = .int96
    case 4: self = .float
    case 5: self = .double
    case 6: self = .bytes
    case 7: self = .fixed(length)
    default: return nil
    }
  }

  /// Bytes of a value; nil for bits and for bytes of any number.
  var width: Int? {
    switch self {
    case .int32, .float: 4
    case .int64, .double: 8
    case .int96: 12
    case .fixed(let length): length
    case .boolean, .bytes: nil
    }
  }
}

extension ParquetType {
  /// By the schema, which says what is stored and, in one of two ways, what it means.
  init(_ element: FileMetadata.SchemaElement, _ stored: StoredType) {
    switch stored {
    case .boolean: self = .boolean
    case .float: self = .float(bytes: 4)
    case .double: self = .float(bytes: 8)
    case .int96: self = .timestamp(unitsPerSecond: 1_000_000)
    case .int32: self = Self.small(element)
    case .int64: self = Self.large(element)
    case .bytes, .fixed: self = Self.bytes(element, stored)
    }
    if case .null? = element.logicalType { self = .null }
  }

  private static func small(_ element: FileMetadata.SchemaElement) -> ParquetType {
    switch element.logicalType {
    case .decimal?: return .decimal(scale: element.scale, bytes: 4)
    case .date?: return .date
    case .time?: return .unreadable("times of day")
    case .integer(let isSigned)?: return .integer(bytes: 4, isSigned: isSigned)
    default: break
    }
    return switch element.convertedType {
    case 5?: .decimal(scale: element.scale, bytes: 4)
    case 6?: .date
    case 7?: .unreadable("times of day")
    case 11?, 12?, 13?: .integer(bytes: 4, isSigned: false)
    default: .integer(bytes: 4, isSigned: true)
    }
  }

  private static func large(_ element: FileMetadata.SchemaElement) -> ParquetType {
    switch element.logicalType {
    case .decimal?: return .decimal(scale: element.scale, bytes: 8)
    case .time?: return .unreadable("times of day")
    case .timestamp(let units)? where units > 0: return .timestamp(unitsPerSecond: units)
    case .integer(let isSigned)?: return .integer(bytes: 8, isSigned: isSigned)
    default: break
    }
    return switch element.convertedType {
    case 5?: .decimal(scale: element.scale, bytes: 8)
    case 8?: .unreadable("times of day")
    case 9?: .timestamp(unitsPerSecond: 1000)
    case 10?: .timestamp(unitsPerSecond: 1_000_000)
    case 14?: .integer(bytes: 8, isSigned: false)
    default: .integer(bytes: 8, isSigned: true)
    }
  }

  private static func bytes(
    _ element: FileMetadata.SchemaElement, _ stored: StoredType
  ) -> ParquetType {
    let isDecimal = if case .decimal? = element.logicalType { true } else { element.convertedType == 5 }
    if isDecimal {
      guard case .fixed(let length) = stored, length <= 16 else {
        return .decimal(scale: element.scale, bytes: 32)
      }
      return .decimal(scale: element.scale, bytes: 16)
    }
    if case .fixed(2) = stored, case .other? = element.logicalType {
      return .unreadable("floating-point numbers of two bytes")
    }
    if element.convertedType == 21 { return .unreadable("intervals of time") }
    return .text
  }
}
