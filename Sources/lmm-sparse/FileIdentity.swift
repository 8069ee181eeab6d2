// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What tells two paths to one file apart from two files.
struct FileIdentity {
  private let device: UInt64
  private let inode: UInt64
  let isRegular: Bool
  let isDirectory: Bool
  let size: Int
  let permissions: mode_t

  /// Follows symbolic links; nil if there is no such file.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
    isRegular = status.st_mode & S_IFMT == S_IFREG
    isDirectory = status.st_mode & S_IFMT == S_IFDIR
    size = Int(status.st_size)
    permissions = status.st_mode & 0o7777
  }

  func isSameFile(as other: FileIdentity) -> Bool {
    device == other.device && inode == other.inode
  }

  /// Bytes of a source; 0 if unknown.
  static func size(of source: DataSource) -> Int {
    switch source {
    case .file(let path): FileIdentity(path: path)?.size ?? 0
    case .standardInput: 0
    case .bytes(let bytes, name: _): bytes.count
    }
  }
}
