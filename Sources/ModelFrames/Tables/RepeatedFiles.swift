// SPDX-License-Identifier: GPL-2.0-or-later

/// Two files that may hold the same rows.
package struct PossibleRepeat: Sendable, Equatable {
  package let file: String
  package let other: String
  /// Whether every byte is the same; else they have one name but for its ending.
  package let isCopy: Bool
}

/// Looks, before rows are read, for files whose rows would count twice: one file under two names, a text beside
/// itself as gzip data, copies.
///
/// What is certain is refused; of what may be meant the user hears.
struct RepeatedFiles {
  /// In the order of the files.
  private(set) var possible: [PossibleRepeat] = []

  /// - Throws: `DataError.Problem.namedTwice`, `DataError.Problem.sameContents`
  init(_ sources: [any TableSource]) throws(DataError) {
    try Self.refuseSame(sources)
    let files = sources.flatMap(\.filePaths).compactMap(NamedFile.init)
    guard files.count > 1 else { return }
    try compareNames(files)
    compareBytes(files)
  }

  /// Refuses a file that is named twice, be it through links, by a pattern or as standard input.
  private static func refuseSame(_ sources: [any TableSource]) throws(DataError) {
    var known: [FileStatus.Identity: String] = [:]
    for source in sources {
      for (name, status) in source.statuses where !status.isCharacterDevice {
        if let other = known.updateValue(name, forKey: status.identity) {
          throw DataError(.namedTwice(other), file: name)
        }
      }
    }
  }

  private mutating func compareNames(_ files: [NamedFile]) throws(DataError) {
    var known: [FileStem: NamedFile] = [:]
    for file in files {
      guard let other = known.updateValue(file, forKey: file.stem) else { continue }
      if file.hasRows(of: other) { throw DataError(.sameContents(other.path), file: file.path) }
      possible.append(PossibleRepeat(file: file.path, other: other.path, isCopy: false))
    }
  }

  /// Files of one size that begin alike are read to their ends: seldom others than copies.
  private mutating func compareBytes(_ files: [NamedFile]) {
    let sizes = Dictionary(files.map { ($0.size, 1) }, uniquingKeysWith: +)
    var known: [Int: [NamedFile]] = [:]
    for file in files where sizes[file.size]! > 1 {
      guard let beginning = file.beginning else { continue }
      let alike = known[beginning, default: []]
      known[beginning, default: []].append(file)
      guard let other = alike.first(where: { $0.stem != file.stem && file.hasRows(of: $0) }) else { continue }
      possible.append(PossibleRepeat(file: file.path, other: other.path, isCopy: true))
    }
  }
}

extension TableSource {
  fileprivate var filePaths: [String] {
    (self as? any TableOfFiles)?.files ?? (self as? DataSource)?.path.map { [$0] } ?? []
  }

  /// What is known of its files, and of standard input.
  fileprivate var statuses: [(name: String, status: FileStatus)] {
    if let text = self as? DataSource { return text.status.map { [(text.name, $0)] } ?? [] }
    return filePaths.compactMap { path in FileStatus(path: path).map { (path, $0) } }
  }
}

/// A file that can be read twice.
private struct NamedFile {
  let path: String
  let stem: FileStem
  /// Bytes, of gzip data the inflated ones as their last member tells; modulo 2³², which is all that it tells.
  let size: UInt32

  /// Nil for pipes, and for a file that is not there.
  init?(_ path: String) {
    guard let status = FileStatus(path: path), status.isRegular else { return nil }
    (self.path, stem) = (path, FileStem(path: path))
    size = inflatedSize(of: path, status.size) ?? UInt32(truncatingIfNeeded: status.size)
  }

  /// A hash of the size and the first bytes, inflated; nil where they cannot be read.
  var beginning: Int? {
    guard let stream = try? stream(), let bytes = try? nextBytes(stream) else { return nil }
    var hasher = Hasher()
    hasher.combine(size)
    hasher.combine(bytes)
    return hasher.finalize()
  }

  /// Whether both hold the same bytes, inflated, and a row in them. What cannot be read is not the same: reading
  /// it for its rows will tell.
  func hasRows(of other: NamedFile) -> Bool {
    guard let own = try? stream(), let others = try? other.stream() else { return false }
    while true {
      guard let bytes = try? nextBytes(own), bytes == (try? nextBytes(others)) else { return false }
      if bytes.isEmpty { break }
    }
    return (try? tableSource(argument: path).open(ReadingOptions()).hasRows) ?? true
  }

  private func stream() throws(DataError) -> any ByteStream { try openStream(.file(path), .utf8) }

  /// As many as there are of the next 65,536.
  private func nextBytes(_ stream: any ByteStream) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: 1 << 16) { room, filled in
      while filled < room.count {
        let rest = UnsafeMutableBufferPointer(rebasing: room[filled...])
        let count = try stream.read(into: UnsafeMutableRawBufferPointer(rest))
        if count == 0 { break }
        filled += count
      }
    }
  }
}
