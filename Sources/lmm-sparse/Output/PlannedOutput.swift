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

/// A file that a run is going to write, known before the work is done.
struct PlannedOutput {
  /// The option that names it, such as `--output`.
  let option: String
  /// As the user wrote it.
  let path: String
  let target: OutputTarget

  /// - Throws: `OutputError` if it cannot be written.
  init(option: String, path: String) throws(OutputError) {
    (self.option, self.path) = (option, path)
    guard path != "-" else {
      target = .descriptor(1)
      return
    }
    do { target = try OutputTarget(path: path) } catch {
      throw OutputError(path: path, error)
    }
  }

  var name: String { path == "-" ? "standard output" : path }

  private var status: FileStatus? {
    switch target {
    case .descriptor(let descriptor): FileStatus(descriptor: descriptor)
    case .stream(let path): FileStatus(path: path)
    case .file(let folder, let name, _): FileStatus(path: folder + "/" + name)
    }
  }

  /// Nil for a file that does not exist yet, and for what can be written to by many at once:
  /// terminals and the like, and the pipes that a shell has opened.
  var identity: FileStatus.Identity? {
    guard let status, !status.isCharacterDevice else { return nil }
    if case .descriptor = target, !status.isRegular { return nil }
    return status.identity
  }

  /// Whether what is written here and there would meet in one file.
  ///
  /// Text on standard output and on standard error may, if the user sends both to one file.
  func isSameFile(as other: PlannedOutput) -> Bool {
    if case .descriptor(let mine) = target, case .descriptor(let theirs) = other.target {
      return mine == theirs
    }
    if let identity { return identity == other.identity }
    guard case .file(let folder, let name, _) = target,
      case .file(let otherFolder, let otherName, _) = other.target, other.identity == nil,
      FileStatus(path: folder)?.identity == FileStatus(path: otherFolder)?.identity
    else { return false }
    return name == otherName
      || name.lowercased() == otherName.lowercased() && ignoresCase(folder: folder)
  }
}

/// Whether a folder takes names that differ in case alone for one, as those of macOS and Windows do.
private func ignoresCase(folder: String) -> Bool {
  let name = ".lmm-sparse-case-\(UInt64.random(in: 0...(.max)))"
  guard let probe = try? OutputTarget(path: folder + "/" + name),
    (try? FileReplacement(probe, noteTemporary: removeOnInterrupt).write { _ in }) != nil
  else { return false }
  defer { unlink(folder + "/" + name) }
  return FileStatus(path: folder + "/" + name.uppercased()) != nil
}
