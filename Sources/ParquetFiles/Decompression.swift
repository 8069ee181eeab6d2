// SPDX-License-Identifier: GPL-2.0-or-later
import CLZ4
import CSnappy
import CZlib
import CZstd

/// How the bytes of pages are compressed.
enum Codec: Int {
  case none = 0
  case snappy, gzip, lzo, brotli
  /// LZ4 with the frames of Hadoop, or bare, as older writers have it.
  case lz4Framed
  case zstd
  case lz4

  private static let readable = "Write it with snappy, zstd, gzip or lz4, which the common programs do by default."

  /// - Throws: `ParquetFault` for one that is not read.
  init(code: Int) throws(ParquetFault) {
    guard let codec = Codec(rawValue: code) else {
      throw ParquetFault("is compressed in a way that is not known (codec \(code))", remedy: Self.readable)
    }
    if codec == .lzo || codec == .brotli {
      throw ParquetFault(
        "is compressed with \(codec == .lzo ? "LZO" : "Brotli"), which is not read", remedy: Self.readable)
    }
    self = codec
  }

  /// - Parameter size: Of the result.
  /// - Throws: `ParquetFault` unless there are as many bytes.
  func decompressed(_ slice: Slice, size: Int) throws(ParquetFault) -> Slice {
    guard self != .none else {
      guard slice.count == size else { throw .malformedPage }
      return slice
    }
    if size == 0 { return Slice(Buffer(0)) }
    // The most that any of them makes of a byte: zstd, of one block of a repeated byte.
    guard size / 65_536 <= slice.count + 16 else { throw Self.malformed }
    let result = Buffer(size)
    let isRight =
      switch self {
      case .snappy: Self.snappy(slice, result)
      case .gzip: Self.gzip(slice, result)
      case .zstd: ZSTD_decompress(result.base, size, slice.base, slice.count) == size
      case .lz4: Self.lz4(slice.base, slice.count, result.base, size) == size
      case .lz4Framed: Self.framed(slice, result)
      case .none, .lzo, .brotli: false
      }
    guard isRight else { throw Self.malformed }
    return Slice(result)
  }

  private static let malformed = ParquetFault("has a page that cannot be decompressed")

  private static func snappy(_ slice: Slice, _ result: Buffer) -> Bool {
    let bytes = slice.base.assumingMemoryBound(to: CChar.self)
    var length = 0
    guard snappy_uncompressed_length(bytes, slice.count, &length) == SNAPPY_OK, length == result.count
    else { return false }
    let target = result.base.assumingMemoryBound(to: CChar.self)
    return snappy_uncompress(bytes, slice.count, target, &length) == SNAPPY_OK && length == result.count
  }

  /// One or more members of gzip, or what zlib writes.
  private static func gzip(_ slice: Slice, _ result: Buffer) -> Bool {
    var stream = z_stream()
    guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return false }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(
      mutating: slice.base.assumingMemoryBound(to: UInt8.self))
    stream.avail_in = UInt32(slice.count)
    stream.next_out = result.base.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = UInt32(result.count)
    while true {
      let code = inflate(&stream, Z_FINISH)
      guard code == Z_STREAM_END else { return false }
      if stream.avail_out == 0 { return true }
      guard stream.avail_in > 0, inflateReset(&stream) == Z_OK else { return false }
    }
  }

  /// Bytes that were made, negative for an error.
  private static func lz4(
    _ bytes: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer, _ room: Int
  ) -> Int {
    guard count <= Int(Int32.max), room <= Int(Int32.max) else { return -1 }
    return Int(
      LZ4_decompress_safe(
        bytes.assumingMemoryBound(to: CChar.self), target.assumingMemoryBound(to: CChar.self),
        Int32(count), Int32(room)))
  }

  /// Frames are two sizes of four bytes, the highest first, and a block.
  private static func framed(_ slice: Slice, _ result: Buffer) -> Bool {
    var (place, done) = (0, 0)
    while place + 8 <= slice.count, done < result.count {
      let size = Int(slice.base.loadUnaligned(fromByteOffset: place, as: UInt32.self).byteSwapped)
      let count = Int(slice.base.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self).byteSwapped)
      guard size <= result.count - done, count <= slice.count - place - 8,
        lz4(slice.base + place + 8, count, result.base + done, size) == size
      else { break }
      (place, done) = (place + 8 + count, done + size)
    }
    if place == slice.count, done == result.count { return true }
    return lz4(slice.base, slice.count, result.base, result.count) == result.count
  }
}
