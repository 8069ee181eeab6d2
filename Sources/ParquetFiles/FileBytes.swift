// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bytes of a file, read where they are wanted, by any thread.
package final class FileBytes: Sendable {
  package let count: Int
  private let descriptor: Int32

  /// - Throws: `ParquetFault` with the system's words.
  package init(_ path: String) throws(ParquetFault) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ParquetFault("cannot be opened: \(String(cString: strerror(errno)))", remedy: "Check its permissions.")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw ParquetFault("is no regular file", remedy: "Write it to one: it is read from its end.")
    }
    count = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// - Throws: `ParquetFault` where the file ends before, or cannot be read.
  package func read(_ place: Int, _ count: Int) throws(ParquetFault) -> Buffer {
    guard place >= 0, count >= 0, place <= self.count, count <= self.count - place else {
      throw ParquetFault("ends in the middle of its data")
    }
    let buffer = Buffer(count)
    var done = 0
    while done < count {
      let read = pread(descriptor, buffer.base + done, count - done, off_t(place + done))
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else {
        throw ParquetFault("cannot be read: \(String(cString: strerror(errno)))", remedy: "")
      }
      guard read > 0 else { throw ParquetFault("ends in the middle of its data") }
      done += read
    }
    return buffer
  }
}

/// Bytes in memory, with some zeros behind them, so that words can be loaded up to their end.
///
/// `@unchecked Sendable`: written by the one who makes it, and not changed afterwards.
package final class Buffer: @unchecked Sendable {
  static let slack = 32
  package let base: UnsafeMutableRawPointer
  package let count: Int

  package init(_ count: Int) {
    self.count = count
    base = .allocate(byteCount: count + Self.slack, alignment: 16)
    (base + count).initializeMemory(as: UInt8.self, repeating: 0, count: Self.slack)
  }

  deinit { base.deallocate() }

  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
}

/// Some bytes of a buffer, which lives as long.
struct Slice {
  let buffer: Buffer
  private(set) var range: Range<Int>

  init(_ buffer: Buffer) { (self.buffer, range) = (buffer, 0..<buffer.count) }

  var count: Int { range.count }
  var base: UnsafeRawPointer { UnsafeRawPointer(buffer.base + range.lowerBound) }

  /// Takes the first bytes off.
  ///
  /// - Throws: `ParquetFault` where there are not so many.
  mutating func take(_ count: Int) throws(ParquetFault) -> Slice {
    guard count >= 0, count <= range.count else { throw .shortPage }
    var taken = self
    taken.range = range.lowerBound..<range.lowerBound + count
    range = taken.range.upperBound..<range.upperBound
    return taken
  }

  /// Takes a number of four bytes off.
  mutating func takeCount() throws(ParquetFault) -> Int {
    Int(try take(4).base.loadUnaligned(as: UInt32.self))
  }

  mutating func takeByte() throws(ParquetFault) -> Int {
    Int(try take(1).base.load(as: UInt8.self))
  }

  /// Takes a number off that is written in base 128, the lowest digits first.
  mutating func takeVarint() throws(ParquetFault) -> UInt64 {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while true {
      let byte = UInt64(try takeByte())
      guard shift < 63 || byte < 2 else { throw .malformedPage }
      value |= (byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }
}

extension ParquetFault {
  static let shortPage = ParquetFault("has a page with fewer bytes than its values take")
  static let malformedPage = ParquetFault("has a page whose values cannot be decoded")
}
