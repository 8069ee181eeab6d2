// SPDX-License-Identifier: GPL-2.0-or-later

/// What stands before the bytes of a page.
struct PageHeader {
  enum Kind {
    case data, dictionary
    /// With levels that are not compressed, and whose sizes are in the header.
    case dataV2(levelBytes: Int, repetitionBytes: Int, isCompressed: Bool)
    case other
  }

  var kind = Kind.other
  /// Of the page behind the header, as it is in the file.
  var compressedSize = 0
  /// Levels included.
  var uncompressedSize = 0
  /// Values, missing ones included.
  var count = 0
  var encoding = 0
  /// Of definition levels, in pages of the first version.
  var levelEncoding = 3
}

extension PageHeader {
  private typealias Wire = CompactReader.Kind
  private static let size = 0...Int(Int32.max)

  /// - Throws: what is wrong with the bytes; `end` where there are not enough of them.
  init(_ reader: inout CompactReader) throws(CompactReader.Failure) {
    var made = PageHeader()
    try reader.structure { (reader, field) throws(CompactReader.Failure) in
      switch (field.id, field.type) {
      case (2, Wire.i32): made.uncompressedSize = try reader.integer(in: Self.size)
      case (3, Wire.i32): made.compressedSize = try reader.integer(in: Self.size)
      case (5, Wire.structure): try made.readData(&reader)
      case (7, Wire.structure): try made.readDictionary(&reader)
      case (8, Wire.structure): try made.readDataV2(&reader)
      default: return false
      }
      return true
    }
    self = made
  }

  private mutating func readData(_ reader: inout CompactReader) throws(CompactReader.Failure) {
    var made = self
    made.kind = .data
    try reader.structure { (reader, field) throws(CompactReader.Failure) in
      switch (field.id, field.type) {
      case (1, Wire.i32): made.count = try reader.integer(in: Self.size)
      case (2, Wire.i32): made.encoding = try reader.integer()
      case (3, Wire.i32): made.levelEncoding = try reader.integer()
      default: return false
      }
      return true
    }
    self = made
  }

  private mutating func readDictionary(
    _ reader: inout CompactReader
  ) throws(CompactReader.Failure) {
    var made = self
    made.kind = .dictionary
    try reader.structure { (reader, field) throws(CompactReader.Failure) in
      switch (field.id, field.type) {
      case (1, Wire.i32): made.count = try reader.integer(in: Self.size)
      case (2, Wire.i32): made.encoding = try reader.integer()
      default: return false
      }
      return true
    }
    self = made
  }

  private mutating func readDataV2(
    _ reader: inout CompactReader
  ) throws(CompactReader.Failure) {
    var made = self
    var (levels, repetitions, isCompressed) = (0, 0, true)
    try reader.structure { (reader, field) throws(CompactReader.Failure) in
      switch (field.id, field.type) {
      case (1, Wire.i32): made.count = try reader.integer(in: Self.size)
      case (4, Wire.i32): made.encoding = try reader.integer()
      case (5, Wire.i32): levels = try reader.integer(in: Self.size)
      case (6, Wire.i32): repetitions = try reader.integer(in: Self.size)
      case (7, _):
        isCompressed = field.type == Wire.yes
        return false
      default: return false
      }
      return true
    }
    made.kind = .dataV2(levelBytes: levels, repetitionBytes: repetitions, isCompressed: isCompressed)
    self = made
  }
}
