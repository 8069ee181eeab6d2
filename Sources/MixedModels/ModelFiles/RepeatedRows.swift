// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Looks, before anything is added up, for rows that would count twice: model files that were made
/// of the same tables, or of a table that is there as well.
///
/// Files say by name what they were made of, and a name can stand for other rows elsewhere or
/// later. What is certain is refused; what may be meant is told.
struct RepeatedRows {
  private struct Shard {
    let name: String
    /// Rows used.
    let observations: Int
    /// Checksums of the arrays of cross-products, by name.
    let arrays: [String: UInt32]
    let modified: Double
    /// What it was made of, but for standard input.
    let sources: [Source]
  }

  private struct Source {
    let name: String
    let stem: FileStem
    let status: FileStatus?

    init(_ name: String) {
      let status = FileStatus(path: name)
      (self.name, stem) = (name, FileStem(path: name))
      self.status = status?.isRegular == true ? status : nil
    }

    /// The same file through links, or of the same name where there is no such file.
    func isSame(as other: Source) -> Bool {
      if let status, let other = other.status { return status.identity == other.identity }
      return name == other.name
    }
  }

  /// What to tell the user of rows that may count twice.
  private(set) var notes: [String] = []

  /// - Throws: `ModelFileError` for rows that do count twice, or for a file that cannot be read.
  init(_ input: ModelInput) throws {
    let shards = try input.files.map(Self.shard)
    for k in shards.indices {
      for other in shards[..<k] { try compare(other, shards[k]) }
      for table in input.data { try compare(shards[k], table) }
    }
  }

  private static func shard(_ path: String) throws -> Shard {
    let file = try ModelFile(path)
    let products = try file.description()
    let names = products.data.filter { $0 != DataSource.standardInput.name }
    return Shard(
      name: path, observations: products.observations, arrays: file.arrayChecksums,
      modified: FileStatus(path: path)?.modified ?? 0, sources: names.map(Source.init))
  }

  private mutating func compare(_ one: Shard, _ other: Shard) throws {
    // A shard of no rows adds nothing, however often.
    guard one.observations > 0, other.observations > 0 else { return }
    if let status = FileStatus(path: one.name), let otherStatus = FileStatus(path: other.name),
      status.identity == otherStatus.identity
    {
      throw refusal(other.name, "its rows are those of \(one.name), the same file")
    }
    if one.arrays == other.arrays {
      throw refusal(other.name, "its rows are those of \(one.name)")
    }
    let common = other.sources.filter { source in one.sources.contains { $0.isSame(as: source) } }
    guard let first = common.first else { return noteNamesakes(one, other) }
    let isWholeName =
      common.count == other.sources.count
      && one.sources.allSatisfy { source in other.sources.contains { $0.isSame(as: source) } }
    let unchanged = common.first { source in
      source.status.map { $0.modified <= min(one.modified, other.modified) } ?? false
    }
    // Of the same names all, but with other sums: made elsewhere, or of a file that has changed.
    if !isWholeName, let unchanged {
      throw refusal(other.name, "the rows of \(unchanged.name) are in it and in \(one.name)")
    }
    notes.append(
      "\(one.name) and \(other.name) were both made of \(first.name); if that was one file, its rows count twice"
    )
  }

  /// Made of files with one name but for its ending.
  private mutating func noteNamesakes(_ one: Shard, _ other: Shard) {
    for source in one.sources {
      guard let namesake = other.sources.first(where: { $0.stem == source.stem }) else { continue }
      notes.append(
        "\(one.name) was made of \(source.name), and \(other.name) of \(namesake.name), which have one name but for its ending; if they hold the same rows, these count twice"
      )
      return
    }
  }

  private mutating func compare(_ shard: Shard, _ table: any TableSource) throws {
    guard let path = table.filePath, shard.observations > 0 else { return }
    let given = Source(path)
    guard shard.sources.contains(where: { $0.isSame(as: given) }) else {
      if let source = shard.sources.first(where: { $0.stem == given.stem }) {
        notes.append(
          "\(shard.name) was made of \(source.name), and \(path) has one name with it but for its ending; if they hold the same rows, these count twice"
        )
      }
      return
    }
    if let status = given.status, status.modified <= shard.modified {
      throw refusal(path, "its rows are in \(shard.name) already")
    }
    notes.append(
      "\(shard.name) was made of a file \(path), too; rows that are still in it count twice")
  }

  private func refusal(_ file: String, _ fact: String) -> ModelFileError {
    ModelFileError(
      file, .unusable("\(fact), and would count twice. Leave one of them out."))
  }
}
