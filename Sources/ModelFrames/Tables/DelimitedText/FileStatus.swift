// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  package import Darwin
#elseif canImport(Musl)
  package import Musl
#else
  package import Glibc
#endif

/// What `stat` knows about a file.
package struct FileStatus {
  /// What tells two names of one file apart from two files.
  package struct Identity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
  }

  package let identity: Identity
  package let permissions: mode_t
  package let size: Int  // bytes
  /// Seconds since 1970 at which the contents last changed.
  package let modified: Double
  private let kind: mode_t

  package var isRegular: Bool { kind == S_IFREG }
  package var isDirectory: Bool { kind == S_IFDIR }
  /// Terminals, /dev/null and the like.
  package var isCharacterDevice: Bool { kind == S_IFCHR }

  /// Follows symbolic links; nil if there is no such file, or no permission to look.
  package init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  package init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    identity = Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev),
      inode: UInt64(truncatingIfNeeded: status.st_ino))
    permissions = status.st_mode & 0o7777
    kind = status.st_mode & S_IFMT
    size = Int(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    modified = Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}
