// SPDX-License-Identifier: GPL-2.0-or-later

/// A file's name without the endings that say what it holds: one of `y.csv`, `y.csv.gz` and `y.parquet`, which may
/// be the same rows.
package struct FileStem: Hashable, Sendable {
  private let folder: FileStatus.Identity?
  /// Where there is no such folder here.
  private let absentFolder: Substring?
  private let name: Substring

  package init(path: String) {
    let cut = path.lastIndex(of: "/")
    let folderPath = cut.map { path[...$0] } ?? "."
    folder = FileStatus(path: String(folderPath))?.identity
    absentFolder = folder == nil ? folderPath : nil
    let file = cut.map { path[path.index(after: $0)...] } ?? path[...]
    name = file.without(endings: [".gz"]).without(endings: Self.endings)
  }

  private static let endings = [".csv", ".tsv", ".tab", ".txt"] + ParquetTable.endings + ArrowFileTable.endings
}

extension Substring {
  /// In letters of either case; one of them at most, and never the whole.
  fileprivate func without(endings: [String]) -> Substring {
    let ending = endings.first { lowercased().hasSuffix($0) && count > $0.count }
    return dropLast(ending?.count ?? 0)
  }
}
