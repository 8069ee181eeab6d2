// SPDX-License-Identifier: GPL-2.0-or-later

/// A Parquet file of flat columns; those that hold lists or structures are there, but cannot be read.
///
/// The file is read where columns are asked for, page by page: what is in memory are the pages that
/// somebody holds.
package final class ParquetFile: Sendable {
  package struct Column: Sendable {
    package let name: String
    package let type: ParquetType
    /// Among the columns that are stored; nil for one that is made of several.
    let leaf: Int?
    let decoding: ColumnDecoding?
  }

  package let columns: [Column]
  package let rowCount: Int
  let bytes: FileBytes
  /// Of the file.
  package var byteCount: Int { bytes.count }
  let rowGroups: [FileMetadata.RowGroup]

  /// Reads what the file says of itself.
  ///
  /// - Throws: `ParquetFault`
  package init(_ path: String) throws(ParquetFault) {
    bytes = try FileBytes(path)
    let metadata = try Self.metadata(bytes)
    let schema = try SchemaColumns(metadata.schema)
    columns = schema.columns
    rowCount = metadata.rowCount
    rowGroups = metadata.rowGroups
    try check(leafCount: schema.leafCount)
  }

  /// The magic bytes are at both ends, before the last ones stands the size of the metadata.
  private static func metadata(_ bytes: FileBytes) throws(ParquetFault) -> FileMetadata {
    guard bytes.count >= 12 else { throw ParquetFault("is too short for a Parquet file") }
    let magic = try (first: word(bytes, 0), last: word(bytes, bytes.count - 4))
    guard magic.last != Self.encrypted else {
      throw ParquetFault("is encrypted", remedy: "Decrypt it first.")
    }
    guard magic.last == Self.magic else {
      throw magic.first == Self.magic
        ? ParquetFault("has no end: it was cut off, or its writer did not finish it", remedy: "Write it again.")
        : ParquetFault(
          "is no Parquet file, whatever its name",
          remedy: "If it holds delimited text, give it a name that ends in .csv.")
    }
    let size = Int(try word(bytes, bytes.count - 8))
    guard size <= bytes.count - 12 else { throw ParquetFault("has metadata that cannot be read") }
    let footer = try bytes.read(bytes.count - 8 - size, size)
    defer { withExtendedLifetime(footer) {} }
    var reader = CompactReader(footer.bytes)
    do throws(CompactReader.Failure) { return try FileMetadata(&reader) } catch {
      if case .fault(let fault) = error { throw fault }
      throw ParquetFault("has metadata that cannot be read")
    }
  }

  private static let magic = UInt32(littleEndian: 0x3152_4150)  // PAR1
  private static let encrypted = UInt32(littleEndian: 0x4552_4150)  // PARE

  private static func word(_ bytes: FileBytes, _ place: Int) throws(ParquetFault) -> UInt32 {
    let word = try bytes.read(place, 4)
    return withExtendedLifetime(word) { $0.base.loadUnaligned(as: UInt32.self) }
  }

  /// Counts are there several times; where they differ, none can be trusted.
  private func check(leafCount: Int) throws(ParquetFault) {
    var rows = 0
    for group in rowGroups {
      guard group.columns.count == leafCount else {
        throw ParquetFault("has a row group of \(group.columns.count) columns, not \(leafCount)")
      }
      rows += group.rowCount
    }
    guard rows == rowCount else {
      throw ParquetFault("has \(rows) rows in its row groups, and says that it has \(rowCount)")
    }
  }
}

/// The columns of a table, from the schema's tree, which is written down in depth-first order.
private struct SchemaColumns {
  var columns: [ParquetFile.Column] = []
  var leafCount = 0

  /// - Throws: `ParquetFault`
  init(_ schema: [FileMetadata.SchemaElement]) throws(ParquetFault) {
    guard let root = schema.first else { throw ParquetFault("has no columns") }
    var next = 1
    for _ in 0..<root.children {
      guard next < schema.count else { throw ParquetFault("has metadata that cannot be read") }
      let element = schema[next]
      next += 1
      guard element.children == 0 else {
        columns.append(.unreadable(element.name, "nested values"))
        try passOver(element.children, schema, &next)
        continue
      }
      columns.append(try column(element))
      leafCount += 1
    }
    guard next == schema.count else { throw ParquetFault("has metadata that cannot be read") }
  }

  private mutating func passOver(
    _ children: Int, _ schema: [FileMetadata.SchemaElement], _ next: inout Int
  ) throws(ParquetFault) {
    var pending = children
    while pending > 0 {
      guard next < schema.count, pending <= schema.count else {
        throw ParquetFault("has metadata that cannot be read")
      }
      if schema[next].children == 0 { leafCount += 1 }
      pending += schema[next].children - 1
      next += 1
    }
  }

  private func column(
    _ element: FileMetadata.SchemaElement
  ) throws(ParquetFault) -> ParquetFile.Column {
    guard let stored = element.type.flatMap({ StoredType($0, length: element.typeLength) }) else {
      throw ParquetFault("has a column of a type that is not known: \(element.name)")
    }
    if element.repetition == 2 { return .unreadable(element.name, "lists", leaf: leafCount) }
    let type = ParquetType(element, stored)
    let isUUID = if case .uuid? = element.logicalType { true } else { false }
    let decoding = ColumnDecoding(
      type: type, stored: stored, isOptional: element.repetition == 1, isUUID: isUUID)
    return ParquetFile.Column(name: element.name, type: type, leaf: leafCount, decoding: decoding)
  }
}

extension ParquetFile.Column {
  fileprivate static func unreadable(_ name: String, _ words: String, leaf: Int? = nil) -> Self {
    Self(name: name, type: .unreadable(words), leaf: leaf, decoding: nil)
  }
}
