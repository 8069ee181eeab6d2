// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Reads an archive as `ArchiveWriter` wrote it, and refuses one in which a single byte is another.
///
/// Every byte is either data under a checksum or part of a header that follows from the directory.
/// What is read is never larger than the file, so that no wrong length can ask for much memory.
package final class ArchiveReader {
  package private(set) var entries: [ArchiveEntry] = []
  private let descriptor: Int32
  /// Bytes of the file.
  package let size: Int

  /// Opens the file and reads its directory; an archive with another `first` member is none of ours.
  package init(path: String, first: String) throws(ArchiveError) {
    var status = stat()
    // Opening a pipe would wait for its writer.
    guard stat(path, &status) == 0 else { throw .system(String(cString: strerror(errno))) }
    if status.st_mode & S_IFMT == S_IFDIR { throw .system("it is a directory") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      throw .system(String(cString: strerror(errno)))
    }
    size = Int(status.st_size)
    let start = Array("PK\u{3}\u{4}".utf8)
    guard try bytes(at: 0, count: min(4, size)) == start else { throw .notAnArchive }
    let name = try bytes(at: 30, count: max(0, min(first.utf8.count, size - 30)))
    guard Array(first.utf8).starts(with: name) else { throw .notAnArchive }
    try readDirectory()
    guard entries.first?.name == first else { throw .damaged("directory") }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// A member, to be read from its beginning.
  package func member(_ name: String) throws(ArchiveError) -> ArchiveMember {
    guard let entry = entries.first(where: { $0.name == name }) else { throw .missing(name) }
    return ArchiveMember(self, entry)
  }

  private func readDirectory() throws(ArchiveError) {
    let place = try DirectoryPlace(size: size) { (offset, count) throws(ArchiveError) in
      try self.bytes(at: offset, count: count)
    }
    let tail = try bytes(at: place.offset, count: size - place.offset)
    guard let entries = place.entries(tail),
      tail == directory(of: entries, at: place.offset)
    else { throw .damaged("directory") }
    var end = 0
    for entry in entries {
      let header = entry.header
      guard entry.offset == end, entry.end <= place.offset,
        try bytes(at: end, count: header.count) == header
      else { throw .damaged(entry.name) }
      end = entry.end
    }
    guard end == place.offset, Set(entries.map(\.name)).count == entries.count else {
      throw .damaged("directory")
    }
    self.entries = entries
  }

  private func bytes(at offset: Int, count: Int) throws(ArchiveError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var failure: ArchiveError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(ArchiveError) { try read(at: offset, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) {
    guard offset >= 0, buffer.count <= size - offset else { throw .incomplete }
    var done = 0
    while done < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(String(cString: strerror(errno)))
      }
      guard count > 0 else { throw .incomplete }  // the file shrank
      done += count
    }
  }
}
