// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file, a pipe or standard input.
final class DescriptorStream: ByteStream {
  private let descriptor: Int32
  private let name: String
  private let isOwned: Bool
  private var prefix: [UInt8] = []  // read ahead, not yet delivered
  private(set) var position = 0

  init(_ source: DataSource) throws(DataError) {
    name = source.name
    if source.origin == .standardInput {
      descriptor = 0
      isOwned = false
    } else {
      if let error = SecondReadings.refusal(of: source) { throw error }
      descriptor = open(source.name, O_RDONLY | O_CLOEXEC)
      isOwned = true
      if descriptor < 0 { throw openingError(errno, name) }
    }
    if FileStatus(descriptor: descriptor)?.isDirectory == true {
      throw DataError(.isDirectory, file: name)
    }
  }

  deinit {
    if isOwned, descriptor >= 0 { _ = close(descriptor) }
  }

  /// Whether the stream begins with these bytes; to be asked before the first `read`.
  func beginsWith(_ magic: [UInt8]) throws(DataError) -> Bool {
    var bytes = [UInt8](repeating: 0, count: magic.count)
    var filled = 0
    while filled < bytes.count {
      let count = try bytes.withUnsafeMutableBufferPointer {
        (all) throws(DataError) -> Int in
        try system(into: .init(UnsafeMutableBufferPointer(rebasing: all[filled...])))
      }
      if count == 0 { break }
      filled += count
    }
    prefix = Array(bytes[..<filled])
    return prefix == magic
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    if !prefix.isEmpty {
      let count = min(prefix.count, buffer.count)
      buffer.copyBytes(from: prefix[..<count])
      prefix.removeFirst(count)
      return count
    }
    return try system(into: buffer)
  }

  private func system(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    #if canImport(Darwin)
      let count = min(buffer.count, 1 << 30)
    #else
      let count = buffer.count
    #endif
    while true {
      #if canImport(Darwin)
        let result = Darwin.read(descriptor, buffer.baseAddress, count)
      #elseif canImport(Musl)
        let result = Musl.read(descriptor, buffer.baseAddress, count)
      #else
        let result = Glibc.read(descriptor, buffer.baseAddress, count)
      #endif
      if result >= 0 {
        position += result
        return result
      }
      if errno != EINTR { throw openingError(errno, name) }
    }
  }
}

/// The error of a file that is not there, or cannot be opened or read.
func openingError(_ code: Int32, _ name: String) -> DataError {
  switch code {
  case ENOENT: DataError(.fileNotFound, file: name)
  case EISDIR: DataError(.isDirectory, file: name)
  default: DataError(.systemError(String(cString: strerror(code))), file: name)
  }
}

/// Whether the file can probably be read, without opening it: opening a pipe would use it up.
func checkReadable(_ source: DataSource) throws(DataError) {
  guard let path = source.path else { return }
  if access(path, R_OK) != 0 { throw openingError(errno, path) }
  if FileStatus(path: path)?.isDirectory == true { throw DataError(.isDirectory, file: path) }
}
