// SPDX-License-Identifier: GPL-2.0-or-later

/// Where the text of a table comes from.
///
/// Gzip is recognised by its content, whatever the name.
public enum DataSource: Sendable, Hashable {
  case file(String)
  case standardInput
  case bytes([UInt8], name: String)

  /// As on a command line: `-` is standard input, anything else a path.
  public init(argument: String) {
    self = argument == "-" ? .standardInput : .file(argument)
  }

  /// The path, `-`, or the name given to the bytes; error messages use it.
  public var name: String {
    switch self {
    case .file(let path): path
    case .standardInput: "-"
    case .bytes(_, let name): name
    }
  }

  /// Whether a second pass can start from the top: not for standard input, pipes and devices.
  public var canBeReadAgain: Bool {
    switch self {
    case .file(let path): FileStatus(path: path)?.isRegular ?? false
    case .standardInput: false
    case .bytes: true
    }
  }

  /// Whether this is standard input, a pipe or a device; a file that is not there is none.
  package var isReadOnce: Bool {
    if case .standardInput = self { return true }
    return status.map { !$0.isRegular && !$0.isDirectory } ?? false
  }

  /// Nil for bytes, and for a file that is not there.
  var status: FileStatus? {
    switch self {
    case .file(let path): FileStatus(path: path)
    case .standardInput: FileStatus(descriptor: 0)
    case .bytes: nil
    }
  }
}
