// SPDX-License-Identifier: GPL-2.0-or-later

/// Decoded values of consecutive rows of a column: laid out as Arrow has them, so that whoever reads Arrow
/// reads these.
///
/// They do not change; pointers are valid as long as they are.
package final class ParquetValues: Sendable {
  package enum Form: Sendable {
    /// As their type says.
    case plain
    /// Places, of 4 bytes, in a list of values.
    case places(in: ParquetValues)
  }

  package let type: ParquetType
  package let form: Form
  package let count: Int
  /// Bits, the lowest first, of rows that have a value; nil where all have.
  private let validityBuffer: Buffer?
  /// The values, or of texts the places of their beginnings, one more than there are.
  private let main: Slice
  /// Of texts.
  private let textBuffer: Buffer?

  init(
    _ type: ParquetType, _ form: Form = .plain, count: Int, _ main: Slice, texts: Buffer? = nil,
    validity: Buffer? = nil
  ) {
    (self.type, self.form, self.count, self.main) = (type, form, count, main)
    (textBuffer, validityBuffer) = (texts, validity)
  }

  package var validity: UnsafePointer<UInt8>? {
    validityBuffer.map { UnsafePointer($0.base.assumingMemoryBound(to: UInt8.self)) }
  }
  package var values: UnsafeRawPointer { main.base }
  package var texts: UnsafeRawPointer? { textBuffer.map { UnsafeRawPointer($0.base) } }

  /// Some rows without the list of values: each row has its own.
  ///
  /// Texts stay what they are.
  package func expanded(_ rows: Range<Int>) -> (values: ParquetValues, rows: Range<Int>) {
    guard case .places(let list) = form, let width = type.width else { return (self, rows) }
    let own = Buffer(rows.count * width)
    let places = (values + 4 * rows.lowerBound).assumingMemoryBound(to: UInt32.self)
    switch width {
    case 4: Self.gather(list.values, places, rows.count, own.base, as: UInt32.self)
    case 8: Self.gather(list.values, places, rows.count, own.base, as: UInt64.self)
    default:
      for k in 0..<rows.count {
        (own.base + k * width).copyMemory(from: list.values + Int(places[k]) * width, byteCount: width)
      }
    }
    let some = validityBuffer.map { Self.bits($0, rows) }
    return (
      ParquetValues(type, count: rows.count, Slice(own), validity: some), 0..<rows.count
    )
  }

  @inline(__always)
  private static func gather<Word: BitwiseCopyable>(
    _ list: UnsafeRawPointer, _ places: UnsafePointer<UInt32>, _ count: Int,
    _ target: UnsafeMutableRawPointer, as: Word.Type
  ) {
    let (from, to) = (list.assumingMemoryBound(to: Word.self), target.bindMemory(to: Word.self, capacity: count))
    for k in 0..<count { to[k] = from[Int(places[k])] }
  }

  private static func bits(_ all: Buffer, _ rows: Range<Int>) -> Buffer {
    let some = Buffer((rows.count + 7) / 8)
    for k in 0..<some.count {
      let bit = rows.lowerBound + 8 * k
      let word = all.base.loadUnaligned(fromByteOffset: bit >> 3, as: UInt16.self)
      some.base.storeBytes(of: UInt8(truncatingIfNeeded: word >> UInt16(bit & 7)), toByteOffset: k, as: UInt8.self)
    }
    return some
  }
}
