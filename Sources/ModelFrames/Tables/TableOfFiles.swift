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
/// - Parameter endings: Of the names of those files of a folder that are meant.
func filesMeant(by name: String, inFolders endings: [String]) -> [String] {
  let status = FileStatus(path: name)
  if let status, !status.isDirectory { return [name] }
  let found = status == nil ? matches(of: name) : files(in: name, endings)
  return found.isEmpty ? [name] : found
}

/// Whether it is a folder, and has files with such endings.
func isFolder(_ name: String, of endings: [String]) -> Bool {
  FileStatus(path: name)?.isDirectory == true && !files(in: name, endings).isEmpty
}

/// Folders in folders that are looked into.
private let depths = 0...8

/// Files in a folder and in those that it holds, such as Spark's of one value of a column; names that begin with
/// an underscore are of files that are being written, and of records of them.
private func files(in folder: String, _ endings: [String]) -> [String] {
  var folder = folder
  while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
  let literal = folder.map { #"*?[]\"#.contains($0) ? "\\\($0)" : String($0) }.joined()
  let found = endings.flatMap { matches(of: "\(literal)/**/*\($0)") }
  return found.filter { !$0.dropFirst(folder.count).contains("/_") }.sorted(by: precedes)
}

/// Files of which the pattern is true, in the order of their names; `**/` is any folder, however deep, or none.
private func matches(of pattern: String) -> [String] {
  guard pattern.contains("**/") else { return paths(pattern).sorted(by: precedes) }
  return depths.flatMap {
    paths(pattern.replacing("**/", with: String(repeating: "*/", count: $0), maxReplacements: 1))
  }.sorted(by: precedes)
}

private func paths(_ pattern: String) -> [String] {
  var found = glob_t()
  defer { globfree(&found) }
  guard glob(pattern, 0, nil, &found) == 0 else { return [] }
  return (0..<Int(found.gl_pathc)).compactMap { k in found.gl_pathv[k].map { String(cString: $0) } }
}

/// By bytes, in any locale.
private func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

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
