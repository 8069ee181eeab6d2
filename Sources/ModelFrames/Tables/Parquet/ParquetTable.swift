// SPDX-License-Identifier: GPL-2.0-or-later
import ParquetFiles

/// Parquet files of one kind, of which only the columns that are asked for are read, page by page.
///
/// Their types say what columns are, as those of an Arrow table do: numbers, dates (days since 1970) and timestamps
/// (seconds since 1970) are numbers, texts are labels even if they look like numbers. The same rows are the same
/// numbers, to the last bit, from an Arrow stream and from here.
public struct ParquetTable: TableOfFiles, Hashable {
  /// A path, that of a folder with such files, in folders or not, or a pattern such as `data/*.parquet`.
  public let name: String

  public init(path: String) { name = path }

  static let endings = [".parquet", ".pq"]

  /// Whether a name is one of Parquet files, or that of a file that begins as one.
  public static func isMeant(by argument: String) -> Bool {
    let name = argument.lowercased()
    return endings.contains { name.hasSuffix($0) } || fileBytes(argument, 4) == Array("PAR1".utf8)
      || isFolder(argument, of: endings)
  }

  var files: [String] { filesMeant(by: name, inFolders: Self.endings) }

  /// Of all files; what is no file counts nothing.
  public var byteCount: Int? { size(of: files) }

  public func open(_ options: ReadingOptions) throws(DataError) -> any TableReading {
    try ParquetReading(self, options)
  }
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
