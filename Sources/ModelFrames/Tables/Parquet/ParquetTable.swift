// SPDX-License-Identifier: GPL-2.0-or-later
#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Parquet files of one kind, which the program DuckDB reads and hands over as text, only the columns that are asked
/// for.
///
/// Their types say what columns are, as those of an Arrow table do: numbers, dates (days since 1970) and timestamps
/// (seconds since 1970) are numbers, texts are labels even if they look like numbers.
public struct ParquetTable: TableSource, Hashable {
  /// A path, or a pattern such as `data/*.parquet`.
  public let name: String
  /// Looked for along PATH unless it holds a slash.
  package var program = "duckdb"

  public init(path: String) { name = path }

  /// Whether a name is one of Parquet files.
  public static func isMeant(by argument: String) -> Bool {
    let name = argument.lowercased()
    return name.hasSuffix(".parquet") || name.hasSuffix(".pq")
  }

  /// Bytes of the files, which hold more text than that; what is no file counts nothing.
  package var fileBytes: Int {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(name, 0, nil, &found) == 0 else { return 0 }
    return (0..<Int(found.gl_pathc)).reduce(0) { sum, k in
      sum + (found.gl_pathv[k].flatMap { FileStatus(path: String(cString: $0))?.size } ?? 0)
    }
  }

  public func open(_ options: ReadingOptions) throws(DataError) -> any TableReading {
    try ParquetReading(self, options)
  }

  /// Refuses a file that is named twice, be it through links.
  static func refuseRepeats(_ tables: [ParquetTable]) throws(DataError) {
    var seen: [String] = []
    var known: [FileStatus.Identity: String] = [:]
    for table in tables {
      var other = seen.first { $0 == table.name }
      if let status = FileStatus(path: table.name) {
        other = known.updateValue(table.name, forKey: status.identity) ?? other
      }
      if let other { throw DataError(.namedTwice(other), file: table.name) }
      seen.append(table.name)
    }
  }

  /// Runs a query and gives what it writes.
  ///
  /// - Throws: `DataError`
  func output(of query: String) throws(DataError) -> ProgramOutput {
    // Nothing but the rows is written, and nothing is fetched from elsewhere.
    let settings = ["enable_progress_bar", "autoinstall_known_extensions", "autoload_known_extensions"]
    let text =
      settings.map { "SET \($0)=false; " }.joined()
      + "COPY (\(query)) TO '/dev/stdout' (FORMAT csv, HEADER true, NULLSTR 'NA')"
    do throws(ProgramOutput.Failure) {
      return try ProgramOutput(program, ["-init", "/dev/null", "-c", text]) { [name] failure in
        DataError(.programFailed(program: "DuckDB", failure.words), file: name)
      }
    } catch {
      guard error.isMissing else {
        throw DataError(.programFailed(program: "DuckDB", error.words), file: name)
      }
      throw DataError(
        .unsuitable(
          "is a Parquet file, which the program \(program) reads, and none is along PATH.",
          remedy: "Install it (pip install duckdb-cli, or from duckdb.org), or export the table as CSV."),
        file: name)
    }
  }

  /// The rows in a query.
  var rows: String { "read_parquet([\(Self.literal(name))])" }

  static func literal(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
  }

  static func identifier(_ text: String) -> String {
    "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
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
