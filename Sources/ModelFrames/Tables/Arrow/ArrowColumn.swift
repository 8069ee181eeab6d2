// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow

/// One column of a batch, its structure checked: what is in its buffers is looked at row by row.
///
/// Valid as long as the batch.
struct ArrowColumn {
  let type: ArrowType
  /// Of the column's elements, the one in the first row.
  let first: Int
  let count: Int
  /// By element; nil where all are there.
  private let validity: UnsafePointer<UInt8>?
  /// Of the whole rows.
  private let rowValidity: (bits: UnsafePointer<UInt8>, first: Int)?
  private let buffers: [UnsafeRawPointer?]
  /// Of views: bytes of every buffer of text.
  let viewSizes: [Int]
  /// The list of values, of a dictionary.
  private let values: [ArrowColumn]

  /// A fault of a column's structure, in words.
  struct Fault: Error {
    let words: String
    init(_ words: String) { self.words = words }
  }

  /// - Throws: `Fault`
  init(_ batch: ArrowBatch, column: Int, _ type: ArrowType) throws(Fault) {
    let rows = batch.array.pointee
    let array = rows.children[column]!
    try self.init(array.pointee, type, from: Int(rows.offset), count: Int(rows.length))
    if rows.null_count != 0, rows.n_buffers > 0, let bits = rows.buffers?[0] {
      self = ArrowColumn(
        self, rowValidity: (bits.assumingMemoryBound(to: UInt8.self), Int(rows.offset)))
    }
  }

  /// One whose structure is known to be right: its first element is in the first row.
  init(
    _ type: ArrowType, count: Int, validity: UnsafePointer<UInt8>?, buffers: [UnsafeRawPointer?],
    viewSizes: [Int] = [], values: [ArrowColumn] = []
  ) {
    (self.type, first, self.count, self.validity) = (type, 0, count, validity)
    (self.buffers, self.viewSizes, self.values, rowValidity) = (buffers, viewSizes, values, nil)
  }

  private init(_ column: ArrowColumn, rowValidity: (bits: UnsafePointer<UInt8>, first: Int)) {
    (type, first, count, validity) = (column.type, column.first, column.count, column.validity)
    (buffers, viewSizes, values) = (column.buffers, column.viewSizes, column.values)
    self.rowValidity = rowValidity
  }

  /// - Parameter from: rows of the array that are passed over.
  private init(_ array: ArrowArray, _ type: ArrowType, from: Int, count: Int) throws(Fault) {
    guard array.release != nil else { throw Fault("it was released") }
    guard array.length >= 0, array.offset >= 0, array.length < 1 << 53, array.offset < 1 << 53,
      array.length >= from + count
    else { throw Fault("it has \(array.length) rows, not \(from + count)") }
    if case .unreadable = type {
      throw Fault("values of the Arrow type \(type.format) cannot be used")
    }
    let wanted = type.bufferCount
    guard array.n_buffers >= wanted, array.n_buffers <= Int32.max, wanted == 0 || array.buffers != nil
    else { throw Fault("it has \(array.n_buffers) buffers, not \(wanted)") }
    (self.type, self.count) = (type, count)
    first = Int(array.offset) + from
    // No more are looked at than a column of this type has.
    buffers = (0..<(type == .textView ? Int(array.n_buffers) : wanted)).map {
      UnsafeRawPointer(array.buffers[$0])
    }
    rowValidity = nil
    let bits = wanted > 0 ? buffers[0] : nil
    if bits == nil, array.null_count > 0, type != .null {
      throw Fault("values are missing, but not which")
    }
    validity = array.null_count == 0 ? nil : bits?.assumingMemoryBound(to: UInt8.self)
    if count > 0, wanted > 1, buffers[1] == nil { throw Fault("its values are not there") }
    guard case .dictionary(_, _, let valueType) = type else {
      viewSizes = try type == .textView && count > 0 ? Self.viewSizes(buffers) : []
      values = []
      return
    }
    viewSizes = []
    guard let list = array.dictionary else { throw Fault("its dictionary is not there") }
    guard list.pointee.length >= 0, list.pointee.length <= Int32.max else {
      throw Fault("its dictionary has \(list.pointee.length) values")
    }
    values = [try ArrowColumn(list.pointee, valueType, from: 0, count: Int(list.pointee.length))]
  }

  /// The last buffer has them.
  private static func viewSizes(_ buffers: [UnsafeRawPointer?]) throws(Fault) -> [Int] {
    guard buffers.count > 3 else { return [] }
    guard let sizes = buffers.last! else { throw Fault("the sizes of its buffers are not there") }
    return (0..<buffers.count - 3).map {
      Int(sizes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
    }
  }

  /// The list of values of a dictionary.
  var dictionary: ArrowColumn { values[0] }

  func buffer(_ index: Int) -> UnsafeRawPointer? { buffers[index] }

  /// Whether some values may be missing.
  var mayMiss: Bool { validity != nil || rowValidity != nil || type == .null }

  /// Whether there is a value in a row.
  @inline(__always)
  func isThere(_ row: Int) -> Bool {
    if let validity {
      let k = first + row
      if validity[k >> 3] >> UInt8(k & 7) & 1 == 0 { return false }
    }
    if let rowValidity {
      let k = rowValidity.first + row
      if rowValidity.bits[k >> 3] >> UInt8(k & 7) & 1 == 0 { return false }
    }
    return true
  }
}

/// A value that cannot be read, in a row of a chunk.
struct ArrowValueFault {
  let row: Int
  let problem: DataError.Problem
}
