// SPDX-License-Identifier: GPL-2.0-or-later
import ParquetFiles

/// Values of a column in memory, with what they are in.
///
/// `@unchecked Sendable`: nothing of it changes.
final class ArrowFileColumn: @unchecked Sendable {
  let values: ArrowColumn
  /// Of the batch.
  let firstRow: Int
  private let owners: [AnyObject]

  init(_ values: ArrowColumn, firstRow: Int, owners: [AnyObject]) {
    (self.values, self.firstRow, self.owners) = (values, firstRow, owners)
  }
}

extension ArrowBatchBody {
  /// Some rows of a column, from the first whose bit begins a byte on.
  ///
  /// - Parameter list: The values that a dictionary's places mean.
  /// - Throws: `ArrowFileFault` for a column that is not as long as its batch, or whose texts overlap.
  func column(
    _ column: ArrowFileSchema.Column, rows: Range<Int>, list: ArrowFileColumn? = nil
  ) throws(ArrowFileFault) -> ArrowFileColumn {
    let mayMiss = try layout.isMissing(column.firstNode)
    let (first, texts) = try layout.buffers(of: column)
    let start = rows.lowerBound & ~7
    let count = rows.upperBound - start
    if column.type == .null || count == 0 {
      let buffers = [UnsafeRawPointer?](repeating: nil, count: column.type.bufferCount)
      let empty = ArrowColumn(column.type, count: count, validity: nil, buffers: buffers, values: list.map { [$0.values] } ?? [])
      return ArrowFileColumn(empty, firstRow: start, owners: list.map { [$0] } ?? [])
    }
    var owners: [AnyObject] = []
    func part(_ buffer: Int, _ range: Range<Int>) throws(ArrowFileFault) -> UnsafeRawPointer {
      let (base, owner) = try self.part(buffer, range)
      owners.append(owner)
      return base
    }
    var validity: UnsafePointer<UInt8>?
    if mayMiss, try !isEmpty(first) {
      validity = try part(first, start / 8..<(rows.upperBound + 7) / 8).assumingMemoryBound(to: UInt8.self)
    } else if mayMiss {
      throw ArrowFileFault("has missing values, but not which")
    }
    var (type, buffers, sizes): (ArrowType, [UnsafeRawPointer?], [Int]) = (column.type, [nil], [])
    switch type {
    case .boolean: buffers.append(try part(first + 1, start / 8..<(rows.upperBound + 7) / 8))
    case .text(let bytes):
      let offsets = try part(first + 1, start * bytes..<(rows.upperBound + 1) * bytes)
      let (own, range) = try Self.offsets(offsets, bytes, count)
      owners.append(own)
      (type, buffers) = (.text(offsetBytes: 8), [nil, UnsafeRawPointer(own.base), try part(first + 2, range)])
    case .textView:
      buffers.append(try part(first + 1, 16 * start..<16 * rows.upperBound))
      for k in 0..<texts {
        let whole = try whole(first + 2 + k)
        owners.append(whole)
        buffers.append(UnsafeRawPointer(whole.base))
        sizes.append(whole.count)
      }
    default:
      let width = type.width
      buffers.append(try part(first + 1, width * start..<width * rows.upperBound))
    }
    if let list { owners.append(list) }
    let values = ArrowColumn(
      type, count: count, validity: validity, buffers: buffers, viewSizes: sizes,
      values: list.map { [$0.values] } ?? [])
    return ArrowFileColumn(values, firstRow: start, owners: owners)
  }

  /// Offsets of eight bytes from the first text on, and where the texts are.
  private static func offsets(
    _ stored: UnsafeRawPointer, _ bytes: Int, _ count: Int
  ) throws(ArrowFileFault) -> (Buffer, Range<Int>) {
    func offset(_ k: Int) -> Int {
      bytes == 4
        ? Int(stored.loadUnaligned(fromByteOffset: 4 * k, as: Int32.self))
        : Int(stored.loadUnaligned(fromByteOffset: 8 * k, as: Int64.self))
    }
    let result = Buffer(8 * (count + 1))
    let own = result.base.bindMemory(to: Int.self, capacity: count + 1)
    let first = offset(0)
    var last = first
    guard first >= 0 else { throw ArrowFileFault("has a text that begins at \(first)") }
    for k in 0...count {
      let next = offset(k)
      guard next >= last else { throw ArrowFileFault("has a text from \(last) to \(next)") }
      (own[k], last) = (next - first, next)
    }
    return (result, first..<last)
  }
}

extension ArrowType {
  /// Bytes of a value, of types whose values have a fixed number of them.
  fileprivate var width: Int {
    switch self {
    case .integer(let bytes, _), .float(let bytes), .decimal(_, let bytes), .dictionary(let bytes, _, _): bytes
    case .date(let inMilliseconds): inMilliseconds ? 8 : 4
    case .timestamp: 8
    case .null, .boolean, .text, .textView, .unreadable: preconditionFailure("values without a width")
    }
  }

  /// As a file's column of the type is in memory.
  fileprivate var read: ArrowType { if case .text = self { .text(offsetBytes: 8) } else { self } }
}

extension ArrowFileColumn {
  /// The values of several columns of one type, one after the other.
  ///
  /// - Throws: `ArrowFileFault` unless they are texts or numbers.
  static func joined(_ parts: [ArrowFileColumn], _ type: ArrowType) throws(ArrowFileFault) -> ArrowFileColumn {
    if parts.count == 1 { return parts[0] }
    let count = parts.reduce(0) { $0 + $1.values.count }
    guard type != .boolean, type != .null, count <= Int32.max else {
      throw ArrowFileFault("has a list of values in several parts that are not texts or numbers", remedy: "Write it in one part.")
    }
    let validity = Buffer((count + 7) / 8)
    let bits = validity.base.initializeMemory(as: UInt8.self, repeating: 0, count: (count + 7) / 8)
    var (place, bytes, offsets): (Int, [UInt8], [Int]) = (0, [], [0])
    let isText = type.read == .text(offsetBytes: 8) || type == .textView
    for part in parts {
      let values = part.values
      for row in 0..<values.count {
        if values.isThere(row) { bits[place >> 3] |= 1 << UInt8(place & 7) }
        place += 1
        guard isText else { continue }
        if values.isThere(row) {
          do throws(ArrowColumn.Fault) { bytes += try values.text(row) } catch { throw ArrowFileFault("has \(error.words)") }
        }
        offsets.append(bytes.count)
      }
      if !isText, let base = values.buffer(1) {
        bytes += UnsafeRawBufferPointer(start: base, count: values.count * type.width)
      }
    }
    let (stored, places) = (Buffer(bytes.count), Buffer(8 * offsets.count))
    stored.base.copyMemory(from: bytes, byteCount: bytes.count)
    places.base.copyMemory(from: offsets, byteCount: 8 * offsets.count)
    let buffers: [UnsafeRawPointer?] =
      isText ? [nil, UnsafeRawPointer(places.base), UnsafeRawPointer(stored.base)] : [nil, UnsafeRawPointer(stored.base)]
    let values = ArrowColumn(
      isText ? .text(offsetBytes: 8) : type, count: count, validity: UnsafePointer(bits), buffers: buffers)
    return ArrowFileColumn(values, firstRow: 0, owners: [validity, stored, places])
  }
}
