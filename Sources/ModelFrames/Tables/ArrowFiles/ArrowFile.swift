// SPDX-License-Identifier: GPL-2.0-or-later
import ParquetFiles
import Synchronization

/// An Arrow file: one with a footer that says where its batches are (Feather is the same), or a stream of
/// messages in a file.
///
/// Source: https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
final class ArrowFile: Sendable {
  struct Batch: Sendable {
    let block: ArrowFileBlock
    /// By their number; a later one of a stream may take the place of an earlier one.
    let dictionaries: [Int64: ArrowFileDictionary]
  }

  let path: String
  let bytes: FileBytes
  let schema: ArrowFileSchema
  let batches: [Batch]

  /// Reads what the file says of itself.
  ///
  /// - Throws: `DataError`
  init(_ path: String) throws(DataError) {
    self.path = path
    guard let status = FileStatus(path: path) else { throw DataError(.fileNotFound, file: path) }
    guard !status.isDirectory else { throw DataError(.isDirectory, file: path) }
    do throws(ArrowFileFault) {
      do throws(ParquetFault) { bytes = try FileBytes(path) } catch {
        throw ArrowFileFault(error.words, remedy: error.remedy ?? "")
      }
      (schema, batches) = try Self.contents(bytes)
    } catch {
      throw error.error(path)
    }
    guard !schema.columns.isEmpty else { throw DataError(.noColumns, file: path) }
  }

  private static func contents(_ bytes: FileBytes) throws(ArrowFileFault) -> (ArrowFileSchema, [Batch]) {
    guard bytes.count >= 8 else { throw ArrowFileFault("is too short for an Arrow file") }
    let first = try bytes.array(0, 8)
    if first.starts(with: magic) { return try ofFooter(bytes) }
    if first.starts(with: "FEA1".utf8) {
      throw ArrowFileFault(
        "is of the first version of Feather, which is not read",
        remedy: "Write it again: arrow::write_feather(arrow::read_feather(FILE), FILE), or as Parquet.")
    }
    if first.starts(with: [255, 255, 255, 255]) { return try ofStream(bytes) }
    throw ArrowFileFault(
      "is no Arrow file, whatever its name", remedy: "If it holds delimited text, give it a name that ends in .csv.")
  }

  static let magic = Array("ARROW1".utf8)

  private static func ofFooter(_ bytes: FileBytes) throws(ArrowFileFault) -> (ArrowFileSchema, [Batch]) {
    let cut = ArrowFileFault("is cut short: it has no end, or its writer did not finish it", remedy: "Write it again.")
    guard bytes.count >= 18 else { throw cut }
    let end = try bytes.array(bytes.count - 10, 10)
    guard end.suffix(6).elementsEqual(magic) else { throw cut }
    let size = Int(try FlatBuffer(bytes: end).load(0, as: Int32.self))
    guard size > 0, size <= bytes.count - 18 else { throw .malformedMetadata }
    let footer = try FlatBuffer(bytes: bytes.array(bytes.count - 10 - size, size)).root()
    guard let table = try footer.table(1) else { throw .malformedMetadata }
    let schema = try ArrowFileSchema(table, version: try footer.number(0, Int16(0)))
    var dictionaries: [Int64: ArrowFileDictionary] = [:]
    for block in try blocks(footer, 2) { try add(try message(bytes, block), block, bytes, schema, to: &dictionaries) }
    let batches = try blocks(footer, 3).map { Batch(block: $0, dictionaries: dictionaries) }
    return (schema, batches)
  }

  private static func blocks(_ footer: FlatTable, _ field: Int) throws(ArrowFileFault) -> [ArrowFileBlock] {
    let (place, count) = try footer.vector(field, stride: 24)
    var blocks: [ArrowFileBlock] = []
    for k in 0..<count {
      let place = place + 24 * k
      let start = Int(try footer.buffer.load(place, as: Int64.self))
      let metadata = Int(try footer.buffer.load(place + 8, as: Int32.self))
      let body = Int(try footer.buffer.load(place + 16, as: Int64.self))
      guard start >= 8, metadata >= 8, body >= 0, start < 1 << 60, body < 1 << 60 else { throw .malformedMetadata }
      blocks.append(ArrowFileBlock(place: start, metadataBytes: metadata, bodyBytes: body))
    }
    return blocks
  }

  /// The metadata have their size before them; older writers put no mark before that.
  static func message(_ bytes: FileBytes, _ block: ArrowFileBlock) throws(ArrowFileFault) -> ArrowFileMessage {
    guard block.body <= bytes.count, block.bodyBytes <= bytes.count - block.body else {
      throw ArrowFileFault("is cut short: it ends in the middle of a batch")
    }
    let metadata = try bytes.array(block.place, block.metadataBytes)
    let flat = FlatBuffer(bytes: metadata)
    let start = try flat.load(0, as: Int32.self) == -1 ? 8 : 4
    let size = Int(try flat.load(start - 4, as: Int32.self))
    guard size > 0, size <= metadata.count - start else { throw .malformedMetadata }
    let message = try ArrowFileMessage(Array(metadata[start..<start + size]))
    guard message.bodyBytes <= block.bodyBytes else { throw .malformedMetadata }
    return message
  }

  /// Messages one after the other, up to one without metadata.
  private static func ofStream(_ bytes: FileBytes) throws(ArrowFileFault) -> (ArrowFileSchema, [Batch]) {
    var schema: ArrowFileSchema?
    var dictionaries: [Int64: ArrowFileDictionary] = [:]
    var (place, batches): (Int, [Batch]) = (0, [])
    while true {
      guard place <= bytes.count - 8 else {
        throw ArrowFileFault("is cut short: its stream of batches has no end", remedy: "Write it again.")
      }
      let start = FlatBuffer(bytes: try bytes.array(place, 8))
      let size = Int(try start.load(4, as: Int32.self))
      guard try start.load(0, as: Int32.self) == -1, size >= 0 else { throw .malformedMetadata }
      if size == 0 { break }
      guard size <= bytes.count - place - 8 else { throw ArrowFileFault("is cut short: it ends in the middle of a batch") }
      let head = try ArrowFileMessage(try bytes.array(place + 8, size))
      let block = ArrowFileBlock(place: place, metadataBytes: 8 + size, bodyBytes: head.bodyBytes)
      guard head.bodyBytes <= bytes.count - block.body else {
        throw ArrowFileFault("is cut short: it ends in the middle of a batch")
      }
      switch head.header {
      case .schema(let table):
        guard schema == nil else { throw ArrowFileFault("has two schemas") }
        schema = try ArrowFileSchema(table, version: head.version)
      case .dictionary:
        guard let schema else { throw .malformedMetadata }
        try add(head, block, bytes, schema, to: &dictionaries)
      case .batch: batches.append(Batch(block: block, dictionaries: dictionaries))
      }
      place = block.body + block.bodyBytes
    }
    guard place + 8 == bytes.count else {
      throw ArrowFileFault("goes on after the end of its stream of batches", remedy: "Give each stream a file of its own.")
    }
    guard let schema else { throw ArrowFileFault("has no schema") }
    return (schema, batches)
  }

  private static func add(
    _ message: ArrowFileMessage, _ block: ArrowFileBlock, _ bytes: FileBytes, _ schema: ArrowFileSchema,
    to dictionaries: inout [Int64: ArrowFileDictionary]
  ) throws(ArrowFileFault) {
    guard case .dictionary(let table) = message.header, let data = try table.table(1) else { throw .malformedMetadata }
    let id = try table.number(0, Int64(0))
    // Of a column that is not among those of the table.
    guard let type = schema.dictionaryTypes[id] else { return }
    let part = ArrowBatchBody(bytes, try ArrowBatchLayout(data, block))
    let isDelta = try table.number(2, UInt8(0)) != 0
    dictionaries[id] = ArrowFileDictionary(type, (isDelta ? dictionaries[id]?.parts ?? [] : []) + [part])
  }
}

extension FileBytes {
  /// - Throws: `ArrowFileFault` where the file ends before, or cannot be read.
  fileprivate func array(_ place: Int, _ count: Int) throws(ArrowFileFault) -> [UInt8] {
    let buffer = try bytes(place, count)
    return withExtendedLifetime(buffer) { Array(buffer.bytes) }
  }
}

/// The list of values that places mean, in one or more parts; read when somebody wants them, once.
final class ArrowFileDictionary: Sendable {
  let parts: [ArrowBatchBody]
  private let type: ArrowType
  private let read = Mutex<Result<ArrowFileColumn, ArrowFileFault>?>(nil)

  init(_ type: ArrowType, _ parts: [ArrowBatchBody]) { (self.type, self.parts) = (type, parts) }

  /// - Throws: `ArrowFileFault`, every time the same.
  func values() throws(ArrowFileFault) -> ArrowFileColumn {
    try read.withLock { (known) -> Result<ArrowFileColumn, ArrowFileFault> in
      if let known { return known }
      let result = Result { () throws(ArrowFileFault) in try join() }
      known = result
      return result
    }.get()
  }

  private func join() throws(ArrowFileFault) -> ArrowFileColumn {
    let column = ArrowFileSchema.Column(
      name: "", type: type, dictionary: nil, firstNode: 0, firstBuffer: 0, viewsBefore: 0)
    var columns: [ArrowFileColumn] = []
    for part in parts {
      guard part.layout.rowCount <= Int32.max else { throw .malformedMetadata }
      columns.append(try part.column(column, rows: 0..<part.layout.rowCount))
    }
    return try ArrowFileColumn.joined(columns, type)
  }
}
