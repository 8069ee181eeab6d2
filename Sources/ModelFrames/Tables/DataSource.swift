// SPDX-License-Identifier: GPL-2.0-or-later

/// Where a table's bytes come from: text with a header, its fields separated by commas, semicolons,
/// tabs or bars.
///
/// Gzip is recognised by its content, whatever the name.
public struct DataSource: TableSource, Hashable {
  enum Origin: Sendable, Hashable {
    case file(String)
    case standardInput
    case bytes([UInt8], name: String)
  }

  let origin: Origin

  /// As on a command line: `-` is standard input, anything else a path.
  public init(argument: String) {
    origin = argument == "-" ? .standardInput : .file(argument)
  }

  fileprivate init(_ origin: Origin) { self.origin = origin }

  /// The path, `-`, or the name given to the bytes.
  public var name: String {
    switch origin {
    case .file(let path): path
    case .standardInput: "-"
    case .bytes(_, let name): name
    }
  }

  /// Of a file.
  public var path: String? {
    if case .file(let path) = origin { path } else { nil }
  }

  /// Not for standard input, pipes and devices.
  public var canBeReadAgain: Bool {
    switch origin {
    case .file(let path): FileStatus(path: path)?.isRegular ?? false
    case .standardInput: false
    case .bytes: true
    }
  }

  public var byteCount: Int? {
    switch origin {
    case .bytes(let bytes, _): bytes.count
    case .standardInput: nil
    case .file(let path):
      FileStatus(path: path).flatMap { $0.isRegular ? $0.size : nil }
    }
  }

  public func open(_ options: ReadingOptions) throws(DataError) -> any TableReading {
    try TextReading(self, options)
  }

  /// Whether this is standard input, a pipe or a device; a file that is not there is none.
  fileprivate var isStream: Bool {
    if origin == .standardInput { return true }
    return status.map { !$0.isRegular && !$0.isDirectory } ?? false
  }

  /// Nil for bytes, and for a file that is not there.
  var status: FileStatus? {
    switch origin {
    case .file(let path): FileStatus(path: path)
    case .standardInput: FileStatus(descriptor: 0)
    case .bytes: nil
    }
  }
}

extension TableSource {
  /// Whether a pass uses the rows up; those of a file that is not there are not used up.
  package var isReadOnce: Bool { (self as? DataSource)?.isStream ?? !canBeReadAgain }
}

extension TableSource where Self == DataSource {
  public static func file(_ path: String) -> DataSource { DataSource(.file(path)) }

  public static var standardInput: DataSource { DataSource(.standardInput) }

  /// - Parameter name: what errors and reports call it.
  public static func bytes(_ bytes: [UInt8], name: String) -> DataSource {
    DataSource(.bytes(bytes, name: name))
  }
}

extension DataSource {
  /// What is wrong with texts that are to be one table, before any is opened.
  static func check(_ texts: [DataSource], _ options: ReadingOptions) throws(DataError) {
    if let separator = options.separator, !canSeparate(separator) {
      throw DataError(.unusableSeparator(separator))
    }
    if texts.count(where: { $0.origin == .standardInput }) > 1 {
      throw DataError(.standardInputTwice, file: standardInput.name)
    }
    for text in texts { try checkReadable(text) }
  }
}

/// Letters, digits, quotes, line ends, signs and the point cannot separate fields.
func canSeparate(_ byte: UInt8) -> Bool {
  switch byte {
  case 9, 32...33, 35...42, 44, 47, 58...64, 91...96, 123...126: true
  default: false
  }
}
