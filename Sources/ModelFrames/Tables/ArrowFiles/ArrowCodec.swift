// SPDX-License-Identifier: GPL-2.0-or-later
import CLZ4
import CZstd
import ParquetFiles

/// How the buffers of a batch are compressed, each by itself, with its size before it.
enum ArrowCodec: Sendable {
  case lz4
  case zstd

  /// - Throws: `ArrowFileFault` for one that is not read.
  init(_ compression: FlatTable) throws(ArrowFileFault) {
    let codec = try compression.number(0, Int8(0))
    guard (0...1).contains(codec), try compression.number(1, Int8(0)) == 0 else {
      throw ArrowFileFault("is compressed in a way that is not known (codec \(codec))", remedy: "Write it with lz4 or zstd.")
    }
    self = codec == 0 ? .lz4 : .zstd
  }

  /// - Parameter size: Of the result.
  /// - Throws: `ArrowFileFault` unless there are as many bytes.
  func decompressed(_ bytes: UnsafeRawBufferPointer, size: Int) throws(ArrowFileFault) -> Buffer {
    // The most that zstd makes of a byte, of a block of a repeated one; LZ4 makes less.
    guard size / 65_536 <= bytes.count + 16 else { throw Self.malformed }
    let result = Buffer(size)
    let isRight =
      switch self {
      case .zstd: ZSTD_decompress(result.base, size, bytes.baseAddress, bytes.count) == size
      case .lz4: Self.lz4(bytes, result)
      }
    guard isRight else { throw Self.malformed }
    return result
  }

  private static let malformed = ArrowFileFault("has values that cannot be decompressed")

  /// One frame, which ends where the result does.
  private static func lz4(_ bytes: UnsafeRawBufferPointer, _ result: Buffer) -> Bool {
    var context: OpaquePointer?
    guard LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0 else { return false }
    defer { LZ4F_freeDecompressionContext(context) }
    var (read, made) = (0, 0)
    while true {
      var (input, output) = (bytes.count - read, result.count - made)
      let left = LZ4F_decompress(
        context, result.base + made, &output, bytes.baseAddress! + read, &input, nil)
      guard LZ4F_isError(left) == 0 else { return false }
      (read, made) = (read + input, made + output)
      if left == 0 { return made == result.count }
      guard input > 0 || output > 0 else { return false }
    }
  }
}
