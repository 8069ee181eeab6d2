// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import NumericalMethods
import TestSupport
import Testing

@Suite struct Archives {
  /// Every kind of member, also an empty array and one of more than one piece.
  static func sample() throws -> [UInt8] {
    var bytes: [UInt8] = []
    var writer = ArchiveWriter(ByteSink { bytes += $0 })
    try writer.add("about.json", text: "{\"answer\": 42}\n")
    try writer.add("matrix.npy", shape: [2, 3], [1, -2.5, .pi, 0, 1e300, -0.0])
    try writer.add("codes.npy", shape: [4], [Int32.min, -1, 0, .max])
    try writer.add("none.npy", shape: [0, 2], [Double]())
    try writer.finish()
    return bytes
  }

  /// All members of an archive, read.
  static func readAll(_ path: String) throws -> (text: String, values: [[Double]]) {
    let archive = try ArchiveReader(path: path, first: "about.json")
    let (shape, matrix) = try archive.doubles("matrix.npy")
    let codes = try archive.integers("codes.npy").values
    let none = try archive.doubles("none.npy")
    #expect(shape == [2, 3] && none.shape == [0, 2])
    return (try archive.text("about.json"), [matrix, codes.map(Double.init), none.values])
  }

  @Test func `what was written is read`() throws {
    let file = try TemporaryArchive(Self.sample())
    let (text, values) = try Self.readAll(file.path)
    #expect(text == "{\"answer\": 42}\n")
    #expect(values[0].map(\.bitPattern) == [1, -2.5, .pi, 0, 1e300, -0.0].map(\.bitPattern))
    #expect(values[1] == [-2_147_483_648, -1, 0, 2_147_483_647])
    #expect(values[2] == [])
  }

  @Test func `every changed bit is noticed`() throws {
    let whole = try Self.sample()
    let file = try TemporaryArchive(whole)
    for position in whole.indices {
      for bit in 0..<8 {
        var changed = whole
        changed[position] ^= 1 << UInt8(bit)
        try file.replace(changed)
        #expect(throws: ArchiveError.self, "bit \(bit) of byte \(position)") {
          try Self.readAll(file.path)
        }
      }
    }
  }

  @Test func `every missing or added byte is noticed`() throws {
    let whole = try Self.sample()
    let file = try TemporaryArchive(whole)
    for count in whole.indices {
      try file.replace(Array(whole[..<count]))
      #expect(throws: ArchiveError.self, "\(count) bytes") { try Self.readAll(file.path) }
    }
    for place in [0, 40, whole.count / 2, whole.count - 30, whole.count] {
      var changed = whole
      changed.insert(0, at: place)
      try file.replace(changed)
      #expect(throws: ArchiveError.self, "a byte more at \(place)") { try Self.readAll(file.path) }
    }
  }

  @Test func `what is no archive is told from a broken one`() throws {
    let file = try TemporaryArchive([])
    for text in ["", "P", "x,y\n1,2\n", "PK\u{3}\u{4}" + String(repeating: "x", count: 100)] {
      try file.replace(Array(text.utf8))
      #expect(throws: ArchiveError.notAnArchive) {
        try ArchiveReader(path: file.path, first: "about.json")
      }
    }
    try file.replace(Array(Self.sample().dropLast(10)))
    #expect(throws: ArchiveError.incomplete) {
      try ArchiveReader(path: file.path, first: "about.json")
    }
    #expect(throws: ArchiveError.notAFile) {
      try ArchiveReader(path: "/dev/null", first: "about.json")
    }
    #expect(throws: ArchiveError.system("it is a directory")) {
      try ArchiveReader(path: "/", first: "about.json")
    }
    #expect(throws: ArchiveError.system("No such file or directory")) {
      try ArchiveReader(path: "/nowhere", first: "about.json")
    }
  }

  @Test func `directories of archives beyond 4 GiB are read as written`() throws {
    var entries: [ArchiveEntry] = []
    var offset = 0
    for (name, count) in [("a", 10), ("b", 5 << 30), ("c", 0xFFFF_FFFF), ("d", 7), ("e", 0)] {
      entries.append(
        ArchiveEntry(name: name, byteCount: count, checksum: 123, offset: offset))
      offset += 1000 + count
    }
    let bytes = directory(of: entries, at: offset)
    let place = try DirectoryPlace(size: offset + bytes.count) { (start, count) in
      Array(bytes[(start - offset)..<(start - offset + count)])
    }
    #expect(place.offset == offset)
    #expect(place.entries(bytes) == entries)
  }
}

/// A file with given bytes that lives as long as this object.
final class TemporaryArchive {
  private let folder: TemporaryFolder
  var path: String { folder.file("archive") }

  init(_ bytes: [UInt8]) throws {
    folder = try TemporaryFolder()
    try replace(bytes)
  }

  func replace(_ bytes: [UInt8]) throws { try folder.write(bytes, to: "archive") }
}
