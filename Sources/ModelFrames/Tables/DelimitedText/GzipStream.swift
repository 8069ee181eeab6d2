// SPDX-License-Identifier: GPL-2.0-or-later
import CZlib

let gzipMagic: [UInt8] = [0x1f, 0x8b]

/// Bytes of a file of gzip data once inflated, modulo 2³² and as its last member says; nil for other files.
///
/// - Parameter size: Of the file as it is.
func inflatedSize(of path: String, _ size: Int) -> UInt32? {
  guard fileBytes(path, 2) == gzipMagic, let end = fileBytes(path, from: size - 4, 4) else { return nil }
  return end.reversed().reduce(0) { $0 << 8 | UInt32($1) }
}

/// Inflates gzip data of one or several members; zero bytes after a member are padding.
final class GzipStream: ByteStream {
  private let source: any ByteStream
  private let name: String
  private let state: UnsafeMutablePointer<z_stream>  // zlib wants it never to move
  private let input: UnsafeMutableRawBufferPointer
  private var isInsideMember = true

  var position: Int { source.position }

  init(_ source: any ByteStream, name: String) throws(DataError) {
    self.source = source
    self.name = name
    input = .allocate(byteCount: 1 << 17, alignment: 16)
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    let onlyGzip = 15 + 16  // largest window, gzip wrapping
    let size = Int32(MemoryLayout<z_stream>.size)
    if inflateInit2_(state, Int32(onlyGzip), ZLIB_VERSION, size) != Z_OK {
      throw DataError(.systemError("zlib cannot start"), file: name)
    }
  }

  deinit {
    _ = inflateEnd(state)
    state.deallocate()
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    let capacity = UInt32(min(buffer.count, 1 << 30))
    state.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.pointee.avail_out = capacity
    while state.pointee.avail_out == capacity {
      if state.pointee.avail_in == 0, try !refill() {
        if isInsideMember { throw DataError(.truncatedGzip, file: name) }
        return 0
      }
      if !isInsideMember, try !startMember() { continue }
      switch inflate(state, Z_NO_FLUSH) {
      case Z_OK, Z_BUF_ERROR: break
      case Z_STREAM_END: isInsideMember = false
      case Z_MEM_ERROR: throw DataError(.systemError("out of memory"), file: name)
      default: throw DataError(.corruptGzip, file: name)
      }
    }
    return Int(capacity - state.pointee.avail_out)
  }

  private func refill() throws(DataError) -> Bool {
    let count = try source.read(into: input)
    state.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.pointee.avail_in = UInt32(count)
    return count > 0
  }

  /// Skips padding; false if the input ends with it.
  private func startMember() throws(DataError) -> Bool {
    while state.pointee.avail_in > 0, state.pointee.next_in.pointee == 0 {
      state.pointee.next_in += 1
      state.pointee.avail_in -= 1
    }
    if state.pointee.avail_in == 0 { return false }
    if inflateReset(state) != Z_OK { throw DataError(.corruptGzip, file: name) }
    isInsideMember = true
    return true
  }
}
