// SPDX-License-Identifier: GPL-2.0-or-later
import CArrow

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a stream that we produce keeps until it is released.
private final class StreamState {
  let source: any BatchSource
  /// Lives until the next call.
  var lastError: UnsafeMutablePointer<CChar>?
  private var isDone = false

  init(_ source: any BatchSource) { self.source = source }

  deinit { lastError?.deallocateText() }

  /// - Returns: a code of errno.h; 0 with a released array after the last batch.
  func next(_ out: UnsafeMutablePointer<ArrowArray>) -> CInt {
    out.initialize(to: ArrowArray())
    if isDone { return 0 }
    do {
      guard let columns = try source.nextBatch() else {
        isDone = true
        return 0
      }
      out.initialize(to: batch(columns))
      return 0
    } catch {
      isDone = true
      let failure = Failure(error)
      lastError?.deallocateText()
      lastError = .allocated(failure.words)
      return failure.systemCode
    }
  }
}

/// A stream that gives a source's batches.
func exported(_ source: any BatchSource) -> ArrowArrayStream {
  var stream = ArrowArrayStream()
  stream.private_data = Unmanaged.passRetained(StreamState(source)).toOpaque()
  stream.get_schema = { stream, out in
    guard let stream, let out, let state = state(stream) else { return EINVAL }
    out.initialize(to: schema(state.source.columns))
    return 0
  }
  stream.get_next = { stream, out in
    guard let stream, let out, let state = state(stream) else { return EINVAL }
    return state.next(out)
  }
  stream.get_last_error = { stream in
    guard let stream, let state = state(stream) else { return nil }
    return UnsafePointer(state.lastError)
  }
  stream.release = { stream in
    guard let stream, let data = stream.pointee.private_data else { return }
    stream.pointee.release = nil
    stream.pointee.private_data = nil
    Unmanaged<StreamState>.fromOpaque(data).release()
  }
  return stream
}

private func state(_ stream: UnsafeMutablePointer<ArrowArrayStream>) -> StreamState? {
  stream.pointee.private_data.map { Unmanaged<StreamState>.fromOpaque($0).takeUnretainedValue() }
}

/// A struct of columns.
private func schema(_ columns: [(name: String, isText: Bool)]) -> ArrowSchema {
  let children = UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>.allocate(
    capacity: max(columns.count, 1))
  for (k, column) in columns.enumerated() {
    let child = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
    child.initialize(to: schema(column.isText ? "u" : "g", name: column.name))
    children[k] = child
  }
  var schema = schema("+s", name: "")
  schema.n_children = Int64(columns.count)
  schema.children = children
  return schema
}

/// Releases the children of a schema or an array, and gives their memory back.
private func releaseChildren<Child>(
  _ children: UnsafeMutablePointer<UnsafeMutablePointer<Child>?>?, _ count: Int64,
  _ body: (UnsafeMutablePointer<Child>) -> Void
) {
  guard let children else { return }
  for k in 0..<Int(count) {
    guard let child = children[k] else { continue }
    body(child)
    child.deallocate()
  }
  children.deallocate()
}

private func schema(_ format: String, name: String) -> ArrowSchema {
  var schema = ArrowSchema()
  schema.format = UnsafePointer(UnsafeMutablePointer<CChar>.allocated(format))
  schema.name = UnsafePointer(UnsafeMutablePointer<CChar>.allocated(name))
  schema.flags = Int64(ARROW_FLAG_NULLABLE)
  schema.release = { schema in
    guard let schema else { return }
    for text in [schema.pointee.format, schema.pointee.name] {
      text.map { UnsafeMutablePointer(mutating: $0).deallocateText() }
    }
    releaseChildren(schema.pointee.children, schema.pointee.n_children) { $0.pointee.release?($0) }
    schema.pointee.release = nil
  }
  return schema
}

/// A struct of columns. Each has memory of its own, for a consumer may keep it and release the rest.
private func batch(_ columns: [BatchColumn]) -> ArrowArray {
  let children = UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>.allocate(
    capacity: max(columns.count, 1))
  var rows = 0
  for (k, column) in columns.enumerated() {
    let child = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
    child.initialize(to: array(column))
    children[k] = child
    rows = Int(child.pointee.length)
  }
  var batch = array(length: rows, nulls: 0, buffers: [nil])
  batch.n_children = Int64(columns.count)
  batch.children = children
  return batch
}

private func array(_ column: BatchColumn) -> ArrowArray {
  switch column {
  case .numbers(let values):
    let data = UnsafeMutableRawPointer.allocate(byteCount: max(8 * values.count, 8), alignment: 64)
    values.withUnsafeBytes { if let base = $0.baseAddress { data.copyMemory(from: base, byteCount: $0.count) } }
    let nulls = values.count(where: \.isNaN)
    return array(length: values.count, nulls: nulls, buffers: [nulls > 0 ? validity(values) : nil, data])
  case .texts(let values):
    let offsets = UnsafeMutableRawPointer.allocate(byteCount: 4 * (values.count + 1), alignment: 64)
    var bytes: [UInt8] = []
    offsets.storeBytes(of: 0, as: Int32.self)
    for (k, text) in values.enumerated() {
      bytes.append(contentsOf: text.utf8)
      offsets.storeBytes(of: Int32(bytes.count), toByteOffset: 4 * (k + 1), as: Int32.self)
    }
    let data = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 8), alignment: 64)
    bytes.withUnsafeBytes { if let base = $0.baseAddress { data.copyMemory(from: base, byteCount: $0.count) } }
    return array(length: values.count, nulls: 0, buffers: [nil, offsets, data])
  }
}

/// A bit for every value that is there.
private func validity(_ values: [Double]) -> UnsafeMutableRawPointer {
  let count = (values.count + 7) / 8
  let bits = UnsafeMutableRawPointer.allocate(byteCount: max(count, 8), alignment: 64)
  bits.initializeMemory(as: UInt8.self, repeating: 0, count: max(count, 8))
  let bytes = bits.assumingMemoryBound(to: UInt8.self)
  for (k, value) in values.enumerated() where !value.isNaN { bytes[k >> 3] |= 1 << UInt8(k & 7) }
  return bits
}

private func array(length: Int, nulls: Int, buffers: [UnsafeMutableRawPointer?]) -> ArrowArray {
  let pointers = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: buffers.count)
  for (k, buffer) in buffers.enumerated() { (pointers + k).initialize(to: UnsafeRawPointer(buffer)) }
  var array = ArrowArray()
  array.length = Int64(length)
  array.null_count = Int64(nulls)
  array.n_buffers = Int64(buffers.count)
  array.buffers = pointers
  array.release = { array in
    guard let array else { return }
    for k in 0..<Int(array.pointee.n_buffers) {
      array.pointee.buffers[k].map { UnsafeMutableRawPointer(mutating: $0).deallocate() }
    }
    array.pointee.buffers.deallocate()
    releaseChildren(array.pointee.children, array.pointee.n_children) { $0.pointee.release?($0) }
    array.pointee.release = nil
  }
  return array
}
