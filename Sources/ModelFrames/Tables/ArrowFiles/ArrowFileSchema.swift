// SPDX-License-Identifier: GPL-2.0-or-later

/// The columns of an Arrow file, with where their buffers are in a batch.
///
/// Source: https://github.com/apache/arrow/blob/main/format/Schema.fbs
struct ArrowFileSchema: Sendable {
  struct Column: Sendable {
    let name: String
    let type: ArrowType
    /// Of the list of values, of a dictionary.
    let dictionary: Int64?
    /// Nodes and buffers of the columns before this one, without the texts of views …
    let firstNode: Int
    let firstBuffer: Int
    /// … of which there were so many columns.
    let viewsBefore: Int
  }

  private(set) var columns: [Column] = []
  /// Of the values of dictionaries.
  private(set) var dictionaryTypes: [Int64: ArrowType] = [:]

  /// - Parameter version: Of the metadata: unions had one buffer more in the fourth.
  /// - Throws: `ArrowFileFault`
  init(_ schema: FlatTable, version: Int16) throws(ArrowFileFault) {
    guard (3...4).contains(version) else {
      throw ArrowFileFault(
        "has metadata of a version that is not read (V\(Int(version) + 1))", remedy: "Write it with a newer program.")
    }
    guard try schema.number(0, Int16(0)) == 0 else {
      throw ArrowFileFault("has its numbers with the highest byte first", remedy: "Write it in little-endian order.")
    }
    var (used, fields) = (Storage(), 0)
    try schema.forEach(1) { (field) throws(ArrowFileFault) in
      let before = used
      let (type, dictionary) = try add(field, to: &used, &fields, version: version, depth: 0)
      columns.append(
        Column(
          name: try field.string(0), type: type, dictionary: dictionary, firstNode: before.nodes,
          firstBuffer: before.buffers, viewsBefore: before.views))
    }
  }

  private struct Storage { var (nodes, buffers, views) = (0, 0, 0) }

  /// Adds what a field and those within it take.
  private mutating func add(
    _ field: FlatTable, to used: inout Storage, _ fields: inout Int, version: Int16, depth: Int
  ) throws(ArrowFileFault) -> (ArrowType, dictionary: Int64?) {
    fields += 1
    // Fields that are shared by others may be without end.
    guard depth < 64, fields <= field.buffer.bytes.count else { throw .malformedMetadata }
    let code = try field.number(2, UInt8(0))
    let format = try Self.format(code, try field.table(3))
    used.nodes += 1
    if let encoding = try field.table(4) {
      used.buffers += 2
      let places = try encoding.table(1)
      let id = try encoding.number(0, Int64(0))
      let values = try field.vector(5, stride: 4).count == 0 ? ArrowType(format: format) : .unreadable(format: format)
      if let known = dictionaryTypes.updateValue(values, forKey: id), known != values {
        throw ArrowFileFault("has two columns of different types with one dictionary")
      }
      // Places are signed integers of four bytes unless something else is said.
      return (ArrowType(format: try places.map(Self.integer) ?? "i", places: values), id)
    }
    switch code {
    case 1, 22: break  // null, run-end encoded
    case 4, 5, 19, 20, 25, 26: used.buffers += 3  // texts, list views
    case 13, 16: used.buffers += 1  // structures, lists of a fixed size
    case 14: used.buffers += (try field.table(3)?.number(0, Int16(0)) == 1 ? 2 : 1) + (version < 4 ? 1 : 0)
    case 23, 24: (used.buffers, used.views) = (used.buffers + 2, used.views + 1)
    default: used.buffers += 2
    }
    try field.forEach(5) { (child) throws(ArrowFileFault) in
      _ = try add(child, to: &used, &fields, version: version, depth: depth + 1)
    }
    return (ArrowType(format: format), nil)
  }

  private static func integer(_ type: FlatTable) throws(ArrowFileFault) -> String {
    let isSigned = try type.number(1, UInt8(0)) != 0
    switch try type.number(0, Int32(0)) {
    case 8: return isSigned ? "c" : "C"
    case 16: return isSigned ? "s" : "S"
    case 32: return isSigned ? "i" : "I"
    case 64: return isSigned ? "l" : "L"
    default: throw .malformedMetadata
    }
  }

  /// The type as the C interface writes it.
  private static func format(_ code: UInt8, _ type: FlatTable?) throws(ArrowFileFault) -> String {
    let simple: [UInt8: String] = [
      1: "n", 4: "z", 5: "u", 6: "b", 12: "+l", 13: "+s", 14: "+u", 15: "w", 16: "+w", 17: "+m", 19: "Z",
      20: "U", 21: "+L", 22: "+r", 23: "vz", 24: "vu", 25: "+vl", 26: "+vL",
    ]
    if let format = simple[code] { return format }
    guard let type else { throw .malformedMetadata }
    func unit(_ letters: [String], _ standard: Int16) throws(ArrowFileFault) -> String {
      let unit = Int(try type.number(0, standard))
      guard letters.indices.contains(unit) else { throw .malformedMetadata }
      return letters[unit]
    }
    let seconds = ["s", "m", "u", "n"]
    switch code {
    case 2: return try integer(type)
    case 3: return try unit(["e", "f", "g"], 0)
    case 7: return "d:\(try type.number(0, Int32(0))),\(try type.number(1, Int32(0))),\(try type.number(2, Int32(128)))"
    case 8: return "td" + (try unit(["D", "m"], 1))
    case 9: return "tt" + (try unit(seconds, 1))
    case 10: return "ts" + (try unit(seconds, 0)) + ":"
    case 11: return "ti" + (try unit(["M", "D", "n"], 0))
    case 18: return "tD" + (try unit(seconds, 1))
    default: throw ArrowFileFault("has a column of a type that is not known (\(code))", remedy: "Write it without the column.")
    }
  }
}
