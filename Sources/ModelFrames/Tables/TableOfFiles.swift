// SPDX-License-Identifier: GPL-2.0-or-later

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A table in one or more files whose types are written in them, which one name means.
protocol TableOfFiles: TableSource {
  /// The files that are meant, in the order of their names; the name itself where there are none.
  var files: [String] { get }
}

/// The files that the name of a file, of a folder or a pattern means, in the order of their names; the name
/// itself where there are none.
///
/// - Parameter ending: Of the names of those files of a folder that are meant.
func filesMeant(by name: String, inFolders ending: String) -> [String] {
  let status = FileStatus(path: name)
  if let status, !status.isDirectory { return [name] }
  let pattern = status == nil ? name : name + "/*" + ending
  var found = glob_t()
  defer { globfree(&found) }
  guard glob(pattern, 0, nil, &found) == 0 else { return [name] }
  return (0..<Int(found.gl_pathc)).compactMap { k in found.gl_pathv[k].map { String(cString: $0) } }
}

/// Of all files; what is no file counts nothing.
func size(of files: [String]) -> Int { files.reduce(0) { $0 + (FileStatus(path: $1)?.size ?? 0) } }

/// Bytes of a regular file from a place on, nil where there are fewer; pipes are left alone.
func fileBytes(_ path: String, from place: Int = 0, _ count: Int) -> [UInt8]? {
  guard place >= 0, FileStatus(path: path)?.isRegular == true else { return nil }
  #if canImport(Darwin)
    let descriptor = Darwin.open(path, O_RDONLY | O_CLOEXEC)
  #elseif canImport(Musl)
    let descriptor = Musl.open(path, O_RDONLY | O_CLOEXEC)
  #else
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
  #endif
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: count)
  return pread(descriptor, &bytes, count, off_t(place)) == count ? bytes : nil
}

extension TableSource {
  /// Of a source that is in files.
  package var filePath: String? { (self as? DataSource)?.path ?? (self as? any TableOfFiles)?.name }
}

/// A table by its name on a command line: Parquet or Arrow files, other files, or `-` for standard input.
package func tableSource(argument: String) -> any TableSource {
  if ParquetTable.isMeant(by: argument) { return ParquetTable(path: argument) }
  return ArrowFileTable.isMeant(by: argument) ? ArrowFileTable(path: argument) : DataSource(argument: argument)
}
