// SPDX-License-Identifier: GPL-2.0-or-later

/// The bytes of a FlatBuffers message, every place of which is checked before it is looked at.
///
/// Source: https://flatbuffers.dev/internals/
struct FlatBuffer: Sendable {
  let bytes: [UInt8]

  /// - Throws: `ArrowFileFault` unless the value is among the bytes.
  func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ place: Int, as type: Value.Type
  ) throws(ArrowFileFault) -> Value {
    guard place >= 0, place <= bytes.count - MemoryLayout<Value>.size else { throw .malformedMetadata }
    return Value(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Value.self) })
  }

  /// The outermost table.
  func root() throws(ArrowFileFault) -> FlatTable {
    try FlatTable(self, at: Int(try load(0, as: UInt32.self)))
  }
}

/// A table: fields by their number in the schema, those that are not there having defaults.
struct FlatTable: Sendable {
  let buffer: FlatBuffer
  private let place: Int
  private let offsets: Int
  private let offsetBytes: Int

  init(_ buffer: FlatBuffer, at place: Int) throws(ArrowFileFault) {
    (self.buffer, self.place) = (buffer, place)
    offsets = place - Int(try buffer.load(place, as: Int32.self))
    offsetBytes = Int(try buffer.load(offsets, as: UInt16.self))
  }

  private func place(of field: Int) throws(ArrowFileFault) -> Int? {
    let slot = 4 + 2 * field
    guard slot + 2 <= offsetBytes else { return nil }
    let offset = Int(try buffer.load(offsets + slot, as: UInt16.self))
    return offset == 0 ? nil : place + offset
  }

  func number<Value: FixedWidthInteger & BitwiseCopyable>(
    _ field: Int, _ standard: Value
  ) throws(ArrowFileFault) -> Value {
    guard let place = try place(of: field) else { return standard }
    return try buffer.load(place, as: Value.self)
  }

  /// Where something that a field points to begins.
  private func target(_ field: Int) throws(ArrowFileFault) -> Int? {
    guard let place = try place(of: field) else { return nil }
    return place + Int(try buffer.load(place, as: UInt32.self))
  }

  func table(_ field: Int) throws(ArrowFileFault) -> FlatTable? {
    guard let target = try target(field) else { return nil }
    return try FlatTable(buffer, at: target)
  }

  /// Elements of so many bytes each; none where the field is not there.
  func vector(_ field: Int, stride: Int) throws(ArrowFileFault) -> (place: Int, count: Int) {
    guard let target = try target(field) else { return (0, 0) }
    let count = Int(try buffer.load(target, as: UInt32.self))
    guard count <= (buffer.bytes.count - target - 4) / stride else { throw .malformedMetadata }
    return (target + 4, count)
  }

  func string(_ field: Int) throws(ArrowFileFault) -> String {
    let (place, count) = try vector(field, stride: 1)
    return String(decoding: buffer.bytes[place..<place + count], as: UTF8.self)
  }

  /// Calls `body` with the tables of a vector, each looked at when its turn comes.
  func forEach(
    _ field: Int, _ body: (FlatTable) throws(ArrowFileFault) -> Void
  ) throws(ArrowFileFault) {
    let (place, count) = try vector(field, stride: 4)
    for slot in stride(from: place, to: place + 4 * count, by: 4) {
      try body(try FlatTable(buffer, at: slot + Int(try buffer.load(slot, as: UInt32.self))))
    }
  }
}

/// What is wrong with an Arrow file, in words that follow its name.
struct ArrowFileFault: Error, Sendable {
  let words: String
  let remedy: String?

  init(_ words: String, remedy: String = "It was damaged or cut off: write it again.") {
    (self.words, self.remedy) = (words, remedy)
  }

  static let malformedMetadata = ArrowFileFault("has metadata that cannot be read")
  static let shortColumn = ArrowFileFault("has fewer bytes than its values take")

  /// The words of the error that a user sees.
  func error(_ file: String, column: String? = nil) -> DataError {
    // The message of a column says its name before these words.
    DataError(.unsuitable("\(words).", remedy: remedy), file: file, column: column)
  }
}
