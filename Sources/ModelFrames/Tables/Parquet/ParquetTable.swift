// SPDX-License-Identifier: GPL-2.0-or-later
import ParquetFiles

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Parquet files of one kind, of which only the columns that are asked for are read, page by page.
///
/// Their types say what columns are, as those of an Arrow table do: numbers, dates (days since 1970) and timestamps
/// (seconds since 1970) are numbers, texts are labels even if they look like numbers. The same rows are the same
/// numbers, to the last bit, from an Arrow stream and from here.
public struct ParquetTable: TableSource, Hashable {
  /// A path, that of a folder with such files, or a pattern such as `data/*.parquet`.
  public let name: String

  public init(path: String) { name = path }

  /// Whether a name is one of Parquet files, or that of a file that begins as one.
  public static func isMeant(by argument: String) -> Bool {
    let name = argument.lowercased()
    return name.hasSuffix(".parquet") || name.hasSuffix(".pq") || beginsAsParquet(argument)
  }

  /// Pipes are left alone.
  private static func beginsAsParquet(_ path: String) -> Bool {
    guard FileStatus(path: path)?.isRegular == true else { return false }
    let descriptor = Self.open(path)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var magic: UInt32 = 0
    return read(descriptor, &magic, 4) == 4 && magic == UInt32(littleEndian: 0x3152_4150)  // PAR1
  }

  private static func open(_ path: String) -> Int32 {
    #if canImport(Darwin)
      Darwin.open(path, O_RDONLY | O_CLOEXEC)
    #elseif canImport(Musl)
      Musl.open(path, O_RDONLY | O_CLOEXEC)
    #else
      Glibc.open(path, O_RDONLY | O_CLOEXEC)
    #endif
  }

  /// The files that are meant, in the order of their names; the name itself where there are none.
  var files: [String] {
    let status = FileStatus(path: name)
    if let status, !status.isDirectory { return [name] }
    let pattern = status == nil ? name : name + "/*.parquet"
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, 0, nil, &found) == 0 else { return [name] }
    return (0..<Int(found.gl_pathc)).compactMap { k in found.gl_pathv[k].map { String(cString: $0) } }
  }

  /// Of all files; what is no file counts nothing.
  public var byteCount: Int? { files.reduce(0) { $0 + (FileStatus(path: $1)?.size ?? 0) } }

  public func open(_ options: ReadingOptions) throws(DataError) -> any TableReading {
    try ParquetReading(self, options)
  }

  /// Refuses a file that is named twice, be it through links or a pattern.
  static func refuseRepeats(_ tables: [ParquetTable]) throws(DataError) {
    var known: [FileStatus.Identity: String] = [:]
    for table in tables {
      for file in table.files {
        guard let status = FileStatus(path: file) else { continue }
        if let other = known.updateValue(file, forKey: status.identity) {
          throw DataError(.namedTwice(other), file: file)
        }
      }
    }
  }
}

extension TableSource {
  /// Of a source that is in files.
  package var filePath: String? { (self as? DataSource)?.path ?? (self as? ParquetTable)?.name }
}

/// A table by its name on a command line: Parquet files, other files, or `-` for standard input.
package func tableSource(argument: String) -> any TableSource {
  ParquetTable.isMeant(by: argument)
    ? ParquetTable(path: argument) : DataSource(argument: argument)
}

extension ParquetFault {
  /// The words of the error that a user sees.
  func error(_ file: String, column: String? = nil) -> DataError {
    let place = column.map { "column \(inDoubleQuotes($0)) " } ?? ""
    return DataError(
      .unsuitable(
        "\(place)\(words).", remedy: remedy ?? "It was damaged or cut off: write it again."),
      file: file, column: column)
  }
}
