// SPDX-License-Identifier: GPL-2.0-or-later

/// Reads structures of Thrift's compact protocol, in which Parquet writes its metadata.
///
/// Every read is checked against the end of the bytes, and structures that are not known are passed over.
struct CompactReader {
  private let bytes: UnsafeRawBufferPointer
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Thrown where there are no more bytes, so that a caller with more of them can try again.
  struct EndOfBytes: Error {}

  enum Failure: Error {
    case end
    case fault(ParquetFault)
  }

  /// A field of a structure: its number and the type of its value.
  struct Field {
    let id: Int
    let type: UInt8
  }

  private static let malformed = Failure.fault(ParquetFault("has metadata that cannot be read"))

  private mutating func byte() throws(Failure) -> UInt8 {
    guard position < bytes.count else { throw .end }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func unsigned() throws(Failure) -> UInt64 {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while true {
      let byte = try byte()
      guard shift < 63 || byte < 2 else { throw Self.malformed }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  mutating func integer() throws(Failure) -> Int {
    let value = try unsigned()
    return Int(bitPattern: UInt(value >> 1)) ^ -Int(bitPattern: UInt(value & 1))
  }

  /// - Throws: for one that is not in `range`.
  mutating func integer(in range: ClosedRange<Int>) throws(Failure) -> Int {
    let value = try integer()
    guard range.contains(value) else { throw Self.malformed }
    return value
  }

  mutating func text() throws(Failure) -> String { String(decoding: try slice(), as: UTF8.self) }

  private mutating func slice() throws(Failure) -> UnsafeRawBufferPointer {
    let count = try unsigned()
    guard count <= UInt64(bytes.count - position) else { throw .end }
    defer { position += Int(count) }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(count)])
  }

  /// Calls `body` with every field of a structure; it reads the value, or says that it did not.
  mutating func structure(
    depth: Int = 0, _ body: (inout CompactReader, Field) throws(Failure) -> Bool
  ) throws(Failure) {
    guard depth < 32 else { throw Self.malformed }
    var id = 0
    while true {
      let header = try byte()
      if header == 0 { return }
      let delta = Int(header >> 4)
      id = delta == 0 ? try integer(in: 0...0x7FFF) : id + delta
      let type = header & 0x0F
      if try !body(&self, Field(id: id, type: type)) { try skip(type, depth: depth) }
    }
  }

  /// Calls `body` as often as a list has elements.
  ///
  /// - Throws: for a list of other elements than `type` says.
  mutating func list(
    of type: UInt8, _ body: (inout CompactReader) throws(Failure) -> Void
  ) throws(Failure) {
    let (count, found) = try listHeader()
    guard found == type || count == 0 else { throw Self.malformed }
    for _ in 0..<count { try body(&self) }
  }

  private mutating func listHeader() throws(Failure) -> (count: Int, type: UInt8) {
    let header = try byte()
    let short = Int(header >> 4)
    let count = short == 15 ? try unsigned() : UInt64(short)
    // An element takes a byte at least.
    guard count <= UInt64(bytes.count - position) else { throw .end }
    return (Int(count), header & 0x0F)
  }

  private mutating func skip(_ type: UInt8, depth: Int) throws(Failure) {
    switch type {
    case Kind.yes, Kind.no: return
    case Kind.byte: _ = try byte()
    case Kind.i16, Kind.i32, Kind.i64: _ = try unsigned()
    case Kind.double:
      guard bytes.count - position >= 8 else { throw .end }
      position += 8
    case Kind.binary: _ = try slice()
    case Kind.list, Kind.set:
      let (count, element) = try listHeader()
      for _ in 0..<count { try skipElement(element, depth: depth + 1) }
    case Kind.map:
      let count = try unsigned()
      guard count > 0 else { return }
      guard count <= UInt64(bytes.count - position) else { throw .end }
      let types = try byte()
      for _ in 0..<count {
        try skipElement(types >> 4, depth: depth + 1)
        try skipElement(types & 0x0F, depth: depth + 1)
      }
    case Kind.structure: try structure(depth: depth + 1) { _, _ in false }
    default: throw Self.malformed
    }
  }

  /// Truth values take a byte in lists, none in fields.
  private mutating func skipElement(_ type: UInt8, depth: Int) throws(Failure) {
    guard depth < 32 else { throw Self.malformed }
    if type == Kind.yes || type == Kind.no { _ = try byte() } else { try skip(type, depth: depth) }
  }

  /// Types of values.
  enum Kind {
    static let yes: UInt8 = 1
    static let no: UInt8 = 2
    static let byte: UInt8 = 3
    static let i16: UInt8 = 4
    static let i32: UInt8 = 5
    static let i64: UInt8 = 6
    static let double: UInt8 = 7
    static let binary: UInt8 = 8
    static let list: UInt8 = 9
    static let set: UInt8 = 10
    static let map: UInt8 = 11
    static let structure: UInt8 = 12
  }
}
