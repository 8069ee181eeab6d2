// SPDX-License-Identifier: GPL-2.0-or-later

/// Bytes that arrive in order, in pieces of any size.
protocol ByteStream: AnyObject {
  /// Fills the beginning of `buffer` and returns how many bytes it wrote, 0 only at the end.
  /// - Throws: `DataError` with the file's name.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int
  /// Bytes taken from the source so far, before any inflating.
  var position: Int { get }
}

/// The text of a source as UTF-8, inflated if it begins as gzip data do.
func openStream(
  _ source: DataSource, _ encoding: TextEncoding
) throws(DataError) -> any ByteStream {
  let stream = try openStream(source)
  return encoding == .utf8 ? stream : TranscodedStream(stream, encoding)
}

private func openStream(_ source: DataSource) throws(DataError) -> any ByteStream {
  switch source.origin {
  case .bytes(let bytes, let name):
    let isGzip = bytes.starts(with: gzipMagic)
    let stream = MemoryStream(bytes)
    return isGzip ? try GzipStream(stream, name: name) : stream
  case .file, .standardInput:
    let stream = try DescriptorStream(source)
    return try stream.beginsWith(gzipMagic) ? GzipStream(stream, name: source.name) : stream
  }
}

final class MemoryStream: ByteStream {
  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, bytes.count - position)
    buffer.copyBytes(from: bytes[position..<position + count])
    position += count
    return count
  }
}
