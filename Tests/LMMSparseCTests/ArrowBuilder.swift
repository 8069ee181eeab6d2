// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow
import Foundation
import Synchronization

/// A column of a batch, buffer by buffer.
struct ArrowTestColumn {
  var format: String
  var length: Int
  var offset = 0
  var nullCount = 0
  var buffers: [[UInt8]?]
  /// Bytes of zeros before each buffer's, which take no memory.
  var leads: [Int] = []
  /// A list of values, of a dictionary.
  var dictionary: [ArrowTestColumn] = []
}

extension ArrowTestColumn {
  /// Numbers of one width; nil is null.
  static func values<Value: BitwiseCopyable>(
    _ format: String, _ values: [Value?], filler: Value
  ) -> ArrowTestColumn {
    let bytes = values.flatMap { value in withUnsafeBytes(of: value ?? filler) { Array($0) } }
    return ArrowTestColumn(
      format: format, length: values.count, nullCount: values.count { $0 == nil },
      buffers: [validity(values.map { $0 != nil }), bytes])
  }

  static func doubles(_ values: [Double?]) -> ArrowTestColumn {
    .values("g", values, filler: -999)
  }

  /// Integers of a format of Arrow's, floating-point numbers too.
  static func numbers(_ format: String, _ values: [Int?]) -> ArrowTestColumn {
    switch format {
    case "c": .values(format, values.map { $0.map { Int8($0) } }, filler: 7)
    case "C": .values(format, values.map { $0.map { UInt8($0) } }, filler: 7)
    case "s": .values(format, values.map { $0.map { Int16($0) } }, filler: 7)
    case "S": .values(format, values.map { $0.map { UInt16($0) } }, filler: 7)
    case "i", "tdD": .values(format, values.map { $0.map { Int32($0) } }, filler: 7)
    case "I": .values(format, values.map { $0.map { UInt32($0) } }, filler: 7)
    case "L": .values(format, values.map { $0.map { UInt64($0) } }, filler: 7)
    case "f": .values(format, values.map { $0.map { Float($0) } }, filler: 7)
    case "g": .values(format, values.map { $0.map { Double($0) } }, filler: 7)
    case "d:10,2": .values(format, values.map { $0.map { Int128($0 * 100) } }, filler: 7)
    case "d:9,1,32": .values(format, values.map { $0.map { Int32($0 * 10) } }, filler: 7)
    case "d:18,3,64": .values(format, values.map { $0.map { Int64($0 * 1000) } }, filler: 7)
    default: .values(format, values.map { $0.map { Int64($0) } }, filler: 7)
    }
  }

  /// Strings of `u`, `U`, `z`, `Z`, `vu` or `vz`.
  static func texts(_ format: String, _ values: [String?]) -> ArrowTestColumn {
    if format.hasPrefix("v") { return views(format, values) }
    var (bytes, offsets): ([UInt8], [Int]) = ([], [0])
    for value in values {
      bytes += Array((value ?? "??").utf8)
      offsets.append(bytes.count)
    }
    let isLarge = format == "U" || format == "Z"
    return ArrowTestColumn(
      format: format, length: values.count, nullCount: values.count { $0 == nil },
      buffers: [
        validity(values.map { $0 != nil }),
        offsets.flatMap { offset in
          isLarge
            ? withUnsafeBytes(of: Int64(offset)) { Array($0) }
            : withUnsafeBytes(of: Int32(offset)) { Array($0) }
        }, bytes,
      ])
  }

  private static func views(_ format: String, _ values: [String?]) -> ArrowTestColumn {
    var (bytes, places): ([UInt8], [UInt8]) = ([], [])
    for value in values {
      let text = Array((value ?? "").utf8)
      places += withUnsafeBytes(of: Int32(text.count)) { Array($0) }
      if text.count <= 12 {
        places += text + Array(repeating: 0, count: 12 - text.count)
      } else {
        places += text.prefix(4)
        places += withUnsafeBytes(of: Int32(0)) { Array($0) }
        places += withUnsafeBytes(of: Int32(bytes.count)) { Array($0) }
        bytes += text
      }
    }
    return ArrowTestColumn(
      format: format, length: values.count, nullCount: values.count { $0 == nil },
      buffers: [
        validity(values.map { $0 != nil }), places, bytes,
        withUnsafeBytes(of: Int64(bytes.count)) { Array($0) },
      ])
  }

  static func booleans(_ values: [Bool?]) -> ArrowTestColumn {
    ArrowTestColumn(
      format: "b", length: values.count, nullCount: values.count { $0 == nil },
      buffers: [validity(values.map { $0 != nil }), bits(values.map { $0 ?? true })])
  }

  /// Places in a list, in a format of integers.
  static func dictionary(_ format: String, _ places: [Int?], _ list: ArrowTestColumn) -> ArrowTestColumn {
    var column = numbers(format, places)
    column.dictionary = [list]
    return column
  }

  /// The same rows behind others that are passed over.
  func sliced(_ offset: Int) -> ArrowTestColumn {
    var column = self
    (column.offset, column.length) = (offset, length - offset)
    return column
  }

  /// The same rows behind `rows` others, a multiple of 8, of which nothing is in memory.
  ///
  /// - Parameter widths: Bits of a row in each buffer; 0: it has no rows.
  func behind(_ rows: Int, widths: [Int]) -> ArrowTestColumn {
    var column = self
    column.offset += rows
    column.leads = widths.map { rows / 8 * $0 }
    return column
  }

  private static func validity(_ isThere: [Bool]) -> [UInt8]? {
    isThere.contains(false) ? bits(isThere) : nil
  }

  private static func bits(_ values: [Bool]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: values.count / 8 + 1)
    for (k, value) in values.enumerated() where value { bytes[k >> 3] |= 1 << UInt8(k & 7) }
    return bytes
  }
}

/// Rows of some columns, which the schema calls by `names`.
struct ArrowTestBatch {
  var columns: [ArrowTestColumn]
  var length: Int?
  var offset = 0
}

/// A stream of batches as another program would make it, and a count of what of it is alive.
final class ArrowTestStream: Sendable {
  static let message = "the disk is on fire"

  private let names: [String]
  private let batches: [ArrowTestBatch]
  private let failsAfter: Int?
  private let next = Mutex(0)
  private let live = Atomic<Int>(0)

  init(_ names: [String], _ batches: [ArrowTestBatch], failsAfter: Int? = nil) {
    (self.names, self.batches, self.failsAfter) = (names, batches, failsAfter)
  }

  convenience init(_ columns: KeyValuePairs<String, ArrowTestColumn>) {
    self.init(columns.map(\.key), [ArrowTestBatch(columns: columns.map(\.value))])
  }

  /// The same from its beginning.
  var again: ArrowTestStream { ArrowTestStream(names, batches, failsAfter: failsAfter) }

  /// Schemas, arrays and streams that nobody has released.
  var liveCount: Int { live.load(ordering: .sequentiallyConsistent) }

  fileprivate func add(_ count: Int) { live.add(count, ordering: .sequentiallyConsistent) }

  /// Calls `body` with the stream, which it may move away; releases it if it has not.
  func callAsFunction<R>(_ body: (UnsafeMutablePointer<ArrowArrayStream>) throws -> R) rethrows -> R {
    var stream = ArrowArrayStream()
    add(1)
    stream.private_data = Unmanaged.passRetained(self).toOpaque()
    stream.get_schema = { stream, out in
      out!.initialize(to: owner(stream!.pointee.private_data).schema())
      return 0
    }
    stream.get_next = { stream, out in owner(stream!.pointee.private_data).take(out!) }
    stream.get_last_error = { _ in UnsafePointer(ArrowTestStream.cMessage.text) }
    stream.release = { stream in
      owner(stream!.pointee.private_data).add(-1)
      Unmanaged<ArrowTestStream>.fromOpaque(stream!.pointee.private_data).release()
      stream!.pointee.release = nil
    }
    defer { stream.release?(&stream) }
    return try body(&stream)
  }

  private struct CText: @unchecked Sendable { let text = strdup(ArrowTestStream.message) }
  private static let cMessage = CText()

  private func take(_ out: UnsafeMutablePointer<ArrowArray>) -> CInt {
    let k = next.withLock { k in
      defer { k += 1 }
      return k
    }
    if k == failsAfter { return EIO }
    out.initialize(to: k < batches.count ? array(batches[k]) : ArrowArray())
    return 0
  }

  private func schema() -> ArrowSchema {
    let columns = batches.first?.columns ?? []
    var whole = schema("+s", "", [])
    let children = UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>.allocate(capacity: columns.count + 1)
    for (k, column) in columns.enumerated() {
      let child = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
      child.initialize(to: schema(column.format, names[k], column.dictionary))
      children[k] = child
    }
    (whole.n_children, whole.children) = (Int64(columns.count), children)
    return whole
  }

  private func schema(_ format: String, _ name: String, _ list: [ArrowTestColumn]) -> ArrowSchema {
    var schema = ArrowSchema()
    add(1)
    schema.format = UnsafePointer(strdup(format))
    schema.name = UnsafePointer(strdup(name))
    if let list = list.first {
      schema.dictionary = .allocate(capacity: 1)
      schema.dictionary.initialize(to: self.schema(list.format, "", list.dictionary))
    }
    schema.private_data = Unmanaged.passRetained(self).toOpaque()
    schema.release = { schema in
      free(UnsafeMutablePointer(mutating: schema!.pointee.format))
      free(UnsafeMutablePointer(mutating: schema!.pointee.name))
      for k in 0..<Int(schema!.pointee.n_children) {
        let child = schema!.pointee.children[k]!
        child.pointee.release?(child)
        child.deallocate()
      }
      schema!.pointee.children?.deallocate()
      if let list = schema!.pointee.dictionary {
        list.pointee.release?(list)
        list.deallocate()
      }
      owner(schema!.pointee.private_data).add(-1)
      Unmanaged<ArrowTestStream>.fromOpaque(schema!.pointee.private_data).release()
      schema!.pointee.release = nil
    }
    return schema
  }

  private func array(_ batch: ArrowTestBatch) -> ArrowArray {
    var whole = array(
      ArrowTestColumn(
        format: "+s", length: batch.length ?? batch.columns.first?.length ?? 0, offset: batch.offset,
        buffers: [nil]))
    let children = UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>.allocate(
      capacity: batch.columns.count + 1)
    for (k, column) in batch.columns.enumerated() {
      children[k] = .allocate(capacity: 1)
      children[k]!.initialize(to: array(column))
    }
    (whole.n_children, whole.children) = (Int64(batch.columns.count), children)
    return whole
  }

  private func array(_ column: ArrowTestColumn) -> ArrowArray {
    var array = ArrowArray()
    add(1)
    (array.length, array.offset) = (Int64(column.length), Int64(column.offset))
    (array.null_count, array.n_buffers) = (Int64(column.nullCount), Int64(column.buffers.count))
    let buffers = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: column.buffers.count + 1)
    for (k, bytes) in column.buffers.enumerated() {
      let lead = k < column.leads.count ? column.leads[k] : 0
      (buffers + k).initialize(to: bytes.map { Self.memory($0, behind: lead) })
    }
    array.buffers = buffers
    if let list = column.dictionary.first {
      array.dictionary = .allocate(capacity: 1)
      array.dictionary.initialize(to: self.array(list))
    }
    array.private_data = Unmanaged.passRetained(self).toOpaque()
    array.release = { array in
      for k in 0..<Int(array!.pointee.n_buffers) {
        ArrowTestStream.giveBack(array!.pointee.buffers[k])
      }
      array!.pointee.buffers.deallocate()
      for k in 0..<Int(array!.pointee.n_children) {
        let child = array!.pointee.children[k]!
        child.pointee.release?(child)
        child.deallocate()
      }
      array!.pointee.children?.deallocate()
      if let list = array!.pointee.dictionary {
        list.pointee.release?(list)
        list.deallocate()
      }
      owner(array!.pointee.private_data).add(-1)
      Unmanaged<ArrowTestStream>.fromOpaque(array!.pointee.private_data).release()
      array!.pointee.release = nil
    }
    return array
  }

  /// Mappings of bytes that begin far behind.
  private static let mappings = Mutex([UInt: Int]())  // by address

  /// A copy of bytes behind zeros, which are pages that nobody has written to.
  private static func memory(_ bytes: [UInt8], behind lead: Int) -> UnsafeRawPointer {
    let size = max(lead + bytes.count, 1)
    let memory: UnsafeMutableRawPointer
    if lead == 0 {
      memory = malloc(size)!
    } else {
      memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      precondition(memory != MAP_FAILED)
      let address = UInt(bitPattern: memory)
      mappings.withLock { $0[address] = size }
    }
    memcpy(memory + lead, bytes, bytes.count)
    return UnsafeRawPointer(memory)
  }

  private static func giveBack(_ memory: UnsafeRawPointer?) {
    guard let memory else { return }
    let address = UInt(bitPattern: memory)
    if let size = mappings.withLock({ $0.removeValue(forKey: address) }) {
      munmap(UnsafeMutableRawPointer(mutating: memory), size)
    } else {
      free(UnsafeMutableRawPointer(mutating: memory))
    }
  }
}

private func owner(_ data: UnsafeMutableRawPointer) -> ArrowTestStream {
  Unmanaged<ArrowTestStream>.fromOpaque(data).takeUnretainedValue()
}
