// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The members of a model file, which can be changed and written again with right checksums.
struct UnpackedFile {
  var members: [(name: String, bytes: [UInt8])] = []

  init(_ path: String) throws {
    let archive = try ArchiveReader(path: path, first: "lmm-sparse.json")
    for entry in archive.entries {
      var member = try archive.member(entry.name)
      var bytes = [UInt8](repeating: 0, count: entry.byteCount)
      try bytes.withUnsafeMutableBytes { try member.read(into: $0) }
      try member.finish()
      members.append((entry.name, bytes))
    }
  }

  subscript(_ name: String) -> String {
    get { String(decoding: members.first { $0.name == name }!.bytes, as: UTF8.self) }
    set { members[members.firstIndex { $0.name == name }!].bytes = Array(newValue.utf8) }
  }

  var packed: [UInt8] {
    get throws {
      var result: [UInt8] = []
      var writer = ArchiveWriter(ByteSink { result += $0 })
      for (name, bytes) in members { try writer.add(name) { try $0.write(bytes) } }
      try writer.finish()
      return result
    }
  }
}
