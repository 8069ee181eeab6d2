// SPDX-License-Identifier: GPL-2.0-or-later

/// What the footer of a file says of its columns and row groups (format/src/main/thrift/parquet.thrift of
/// Apache Parquet), as far as it is needed to read them.
struct FileMetadata {
  var rowCount = 0
  var schema: [SchemaElement] = []
  var rowGroups: [RowGroup] = []

  struct SchemaElement {
    var type: Int?
    var typeLength = 0
    /// 0 required, 1 optional, 2 repeated.
    var repetition = 0
    var name = ""
    var children = 0
    /// The older description of what values mean; the newer one, where both are there, says the same.
    var convertedType: Int?
    var scale = 0
    var logicalType: LogicalType?
  }

  enum LogicalType {
    case text, decimal, date, time, uuid, null, other
    case timestamp(unitsPerSecond: Int)
    case integer(isSigned: Bool)
  }

  struct RowGroup {
    var rowCount = 0
    var columns: [ColumnChunk] = []
  }

  struct ColumnChunk {
    var isElsewhere = false
    var isEncrypted = false
    var type = 0
    var path: [String] = []
    var codec = 0
    var valueCount = 0
    var compressedSize = 0
    var dataPageOffset = 0
    var dictionaryPageOffset: Int?

    /// Of the first page.
    var start: Int {
      guard let dictionary = dictionaryPageOffset, dictionary > 0 else { return dataPageOffset }
      return min(dictionary, dataPageOffset)
    }
  }
}

extension FileMetadata {
  private typealias Kind = CompactReader.Kind
  private static let size = 0...Int.max >> 8

  /// - Throws: what is wrong with the bytes.
  init(_ reader: inout CompactReader) throws(CompactReader.Failure) {
    var made = FileMetadata()
    try reader.structure { (reader, field) throws(CompactReader.Failure) in
      switch (field.id, field.type) {
      case (2, Kind.list):
        try reader.list(of: Kind.structure) { (reader) throws(CompactReader.Failure) in
          made.schema.append(try SchemaElement(&reader))
        }
      case (3, Kind.i64): made.rowCount = try reader.integer(in: Self.size)
      case (4, Kind.list):
        try reader.list(of: Kind.structure) { (reader) throws(CompactReader.Failure) in
          made.rowGroups.append(try RowGroup(&reader))
        }
      default: return false
      }
      return true
    }
    self = made
  }
}

extension FileMetadata.SchemaElement {
  private typealias Kind = CompactReader.Kind

  fileprivate init(_ reader: inout CompactReader) throws(CompactReader.Failure) {
    var made = Self()
    try reader.structure { (reader, field) throws(CompactReader.Failure) in
      switch (field.id, field.type) {
      case (1, Kind.i32): made.type = try reader.integer()
      case (2, Kind.i32): made.typeLength = try reader.integer(in: 0...1 << 20)
      case (3, Kind.i32): made.repetition = try reader.integer()
      case (4, Kind.binary): made.name = try reader.text()
      case (5, Kind.i32): made.children = try reader.integer(in: 0...Int(Int32.max))
      case (6, Kind.i32): made.convertedType = try reader.integer()
      case (7, Kind.i32): made.scale = try reader.integer(in: -1000...1000)
      case (10, Kind.structure): made.logicalType = try FileMetadata.LogicalType(&reader)
      default: return false
      }
      return true
    }
    self = made
  }
}

extension FileMetadata.LogicalType {
  private typealias Kind = CompactReader.Kind

  /// A union: one field, whose number is the type.
  fileprivate init(_ reader: inout CompactReader) throws(CompactReader.Failure) {
    var made = Self.other
    try reader.structure { (reader, field) throws(CompactReader.Failure) in
      switch field.id {
      case 1, 4, 12: made = .text  // strings, enumerations, JSON
      case 5: made = .decimal
      case 6: made = .date
      case 7: made = .time
      case 8: made = .timestamp(unitsPerSecond: try Self.unitsPerSecond(&reader))
      case 10: made = .integer(isSigned: try Self.isSigned(&reader))
      case 11: made = .null
      case 14: made = .uuid
      default: made = .other
      }
      return field.id == 8 || field.id == 10
    }
    self = made
  }

  private static func unitsPerSecond(
    _ reader: inout CompactReader
  ) throws(CompactReader.Failure) -> Int {
    var units = 0
    try reader.structure { (reader, field) throws(CompactReader.Failure) in
      guard field.id == 2, field.type == Kind.structure else { return false }
      try reader.structure { _, unit in
        units = [1: 1000, 2: 1_000_000, 3: 1_000_000_000][unit.id] ?? 0
        return false
      }
      return true
    }
    return units
  }

  private static func isSigned(
    _ reader: inout CompactReader
  ) throws(CompactReader.Failure) -> Bool {
    var isSigned = true
    try reader.structure { _, field in
      if field.id == 2 { isSigned = field.type == Kind.yes }
      return false
    }
    return isSigned
  }
}

extension FileMetadata.RowGroup {
  private typealias Kind = CompactReader.Kind

  fileprivate init(_ reader: inout CompactReader) throws(CompactReader.Failure) {
    var made = Self()
    try reader.structure { (reader, field) throws(CompactReader.Failure) in
      switch (field.id, field.type) {
      case (1, Kind.list):
        try reader.list(of: Kind.structure) { (reader) throws(CompactReader.Failure) in
          made.columns.append(try FileMetadata.ColumnChunk(&reader))
        }
      case (3, Kind.i64): made.rowCount = try reader.integer(in: 0...Int.max >> 8)
      default: return false
      }
      return true
    }
    self = made
  }
}

extension FileMetadata.ColumnChunk {
  private typealias Kind = CompactReader.Kind

  fileprivate init(_ reader: inout CompactReader) throws(CompactReader.Failure) {
    var made = Self()
    try reader.structure { (reader, field) throws(CompactReader.Failure) in
      switch (field.id, field.type) {
      case (1, Kind.binary): made.isElsewhere = try !reader.text().isEmpty
      case (3, Kind.structure): try made.readMetadata(&reader)
      case (8, _):
        made.isEncrypted = true
        return false
      default: return false
      }
      return true
    }
    self = made
  }

  private mutating func readMetadata(
    _ reader: inout CompactReader
  ) throws(CompactReader.Failure) {
    let size = 0...Int.max >> 8
    var made = self
    try reader.structure { (reader, field) throws(CompactReader.Failure) in
      switch (field.id, field.type) {
      case (1, Kind.i32): made.type = try reader.integer()
      case (3, Kind.list):
        try reader.list(of: Kind.binary) { (reader) throws(CompactReader.Failure) in
          made.path.append(try reader.text())
        }
      case (4, Kind.i32): made.codec = try reader.integer()
      case (5, Kind.i64): made.valueCount = try reader.integer(in: size)
      case (7, Kind.i64): made.compressedSize = try reader.integer(in: size)
      case (9, Kind.i64): made.dataPageOffset = try reader.integer(in: size)
      case (11, Kind.i64): made.dictionaryPageOffset = try reader.integer(in: size)
      default: return false
      }
      return true
    }
    self = made
  }
}
