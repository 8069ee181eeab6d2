// SPDX-License-Identifier: GPL-2.0-or-later
import ParquetFiles

/// Where a message is in a file: its metadata, and the body behind them.
struct ArrowFileBlock: Sendable {
  let place: Int
  let metadataBytes: Int
  let bodyBytes: Int
  var body: Int { place + metadataBytes }
}

/// The metadata of a message.
///
/// Source: https://github.com/apache/arrow/blob/main/format/Message.fbs
struct ArrowFileMessage: Sendable {
  enum Header {
    case schema(FlatTable)
    case dictionary(FlatTable)
    case batch(FlatTable)
  }

  let header: Header
  let version: Int16
  let bodyBytes: Int

  /// - Parameter bytes: Without the size before them.
  /// - Throws: `ArrowFileFault`
  init(_ bytes: [UInt8]) throws(ArrowFileFault) {
    let message = try FlatBuffer(bytes: bytes).root()
    version = try message.number(0, Int16(0))
    bodyBytes = Int(try message.number(3, Int64(0)))
    guard let table = try message.table(2), bodyBytes >= 0 else { throw .malformedMetadata }
    switch try message.number(1, UInt8(0)) {
    case 1: header = .schema(table)
    case 2: header = .dictionary(table)
    case 3: header = .batch(table)
    default: throw ArrowFileFault("has a tensor among its batches", remedy: "Write tables only.")
    }
  }
}

/// Where the buffers of a batch's columns are in its body.
struct ArrowBatchLayout: Sendable {
  let rowCount: Int
  let codec: ArrowCodec?
  private let table: FlatTable
  private let nodes: (place: Int, count: Int)
  private let buffers: (place: Int, count: Int)
  /// Buffers of text of the columns of views.
  private var texts: [Int] = []
  private let block: ArrowFileBlock

  /// - Throws: `ArrowFileFault`
  init(_ table: FlatTable, _ block: ArrowFileBlock) throws(ArrowFileFault) {
    (self.table, self.block) = (table, block)
    rowCount = Int(try table.number(0, Int64(0)))
    guard rowCount >= 0, rowCount < 1 << 53 else { throw ArrowFileFault("has a batch of \(rowCount) rows") }
    nodes = try table.vector(1, stride: 16)
    buffers = try table.vector(2, stride: 16)
    codec = try table.table(3).map { (compression) throws(ArrowFileFault) in try ArrowCodec(compression) }
    let counts = try table.vector(4, stride: 8)
    for k in 0..<counts.count {
      let count = Int(try table.buffer.load(counts.place + 8 * k, as: Int64.self))
      guard count >= 0, count <= buffers.count else { throw .malformedMetadata }
      texts.append(count)
    }
  }

  /// The first buffer of a column, and how many buffers of text it has, of views.
  func buffers(of column: ArrowFileSchema.Column) throws(ArrowFileFault) -> (first: Int, texts: Int) {
    guard column.viewsBefore <= texts.count else { throw .malformedMetadata }
    let first = column.firstBuffer + texts.prefix(column.viewsBefore).reduce(0, +)
    guard column.type == .textView else { return (first, 0) }
    guard column.viewsBefore < texts.count else { throw .malformedMetadata }
    return (first, texts[column.viewsBefore])
  }

  /// Whether values of a column are missing.
  func isMissing(_ node: Int) throws(ArrowFileFault) -> Bool {
    guard node < nodes.count else { throw .malformedMetadata }
    let place = nodes.place + 16 * node
    let count = try table.buffer.load(place, as: Int64.self)
    guard count == rowCount else { throw ArrowFileFault("has \(count) rows in a batch of \(rowCount)") }
    return try table.buffer.load(place + 8, as: Int64.self) != 0
  }

  /// Bytes of the file.
  func range(ofBuffer index: Int) throws(ArrowFileFault) -> Range<Int> {
    guard index < buffers.count else { throw .malformedMetadata }
    let place = buffers.place + 16 * index
    let offset = Int(try table.buffer.load(place, as: Int64.self))
    let count = Int(try table.buffer.load(place + 8, as: Int64.self))
    guard offset >= 0, count >= 0, offset <= block.bodyBytes, count <= block.bodyBytes - offset else {
      throw ArrowFileFault("has values outside of its batch")
    }
    return block.body + offset..<block.body + offset + count
  }
}
