// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#elseif canImport(Darwin)
  package import Darwin
#endif

/// What writing to a path would write to, known before anything is written.
package enum OutputTarget {
  /// A file that is open already, such as standard output under the name /dev/stdout: it is written
  /// on, never replaced.
  case descriptor(Int32)
  /// A pipe or device: there is nothing to keep whole.
  case stream(path: String)
  /// A file to be replaced as a whole. No part of `folder` is a link, and neither is the file.
  case file(folder: String, name: String, permissions: mode_t?)

  /// Follows links, also one that leads to a file that does not exist yet.
  ///
  /// - Throws: `FileReplacement.Failure` if the path cannot be written to.
  package init(path: String) throws(FileReplacement.Failure) {
    guard !path.isEmpty else { throw .init("the name is empty") }
    guard path.utf8.last != UInt8(ascii: "/") else {
      throw .init(FileStatus(path: path) == nil ? "there is no such folder" : "it is a directory")
    }
    var place = path
    do throws(FileReplacement.Failure) {
      for _ in 0..<Self.mostLinks {
        let name = Self.slash(place).map { String(place[place.utf8.index(after: $0)...]) }
        let folder = try Self.folder(of: place)
        if let number = Int32(name ?? place), Self.isFolderOfDescriptors(folder) {
          guard FileStatus(descriptor: number) != nil else { throw FileReplacement.Failure() }
          self = .descriptor(number)
          return
        }
        guard let next = Self.linked(place) else {
          self = try .init(place, folder: folder, name: name ?? place)
          return
        }
        place = next.utf8.first == UInt8(ascii: "/") ? next : folder + "/" + next
      }
    } catch {
      throw place == path ? error : .init("it is a link to \(place): \(error.reason)")
    }
    throw .init(code: ELOOP)
  }

  /// A path that is no link.
  private init(
    _ path: String, folder: String, name: String
  ) throws(FileReplacement.Failure) {
    guard let status = FileStatus(path: path) else {
      guard errno == ENOENT else { throw .init() }
      guard access(folder, W_OK | X_OK) == 0 else { throw .init() }
      self = .file(folder: folder, name: name, permissions: nil)
      return
    }
    if status.isDirectory { throw .init("it is a directory") }
    guard access(path, W_OK) == 0 else { throw .init() }
    guard status.isRegular else {
      self = .stream(path: path)
      return
    }
    guard access(folder, W_OK | X_OK) == 0 else {
      throw .init(
        "it is replaced as a whole, and its folder \(folder) cannot be written to (\(String(cString: strerror(errno))))"
      )
    }
    self = .file(folder: folder, name: name, permissions: status.permissions)
  }

  /// As many as Linux follows.
  private static let mostLinks = 40

  /// The folder of a path, without links.
  private static func folder(of path: String) throws(FileReplacement.Failure) -> String {
    guard let resolved = realpath(directory(of: path), nil) else { throw .init() }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func directory(of path: String) -> String {
    guard let slash = slash(path) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last one; a combining mark behind it does not hide it.
  private static func slash(_ path: String) -> String.Index? {
    path.utf8.lastIndex(of: UInt8(ascii: "/"))
  }

  /// Whether the names in a folder are the numbers of this program's open files.
  private static func isFolderOfDescriptors(_ folder: String) -> Bool {
    folder == "/dev/fd" || folder == "/proc/\(getpid())/fd"
  }

  /// Where a symbolic link leads; nil if the path is none.
  private static func linked(_ path: String) -> String? {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink(path, &target, Int(PATH_MAX))
    guard count >= 0 else { return nil }
    return String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
