// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// The relationships of a fit's grouping factors in a model file: names of the levels in its JSON,
/// the entries of Q on and below the diagonal as an array with a row, a column and a value each.
enum SavedRelationships {
  static func json(_ relationships: [String: LevelRelationship]) -> JSONValue {
    .sorted(relationships) { .strings($0.levels) }
  }

  private static func member(_ k: Int) -> String { "fit/relationship/\(k).npy" }

  static func write(
    _ relationships: [String: LevelRelationship], to archive: inout ArchiveWriter
  ) throws {
    for (k, name) in relationships.keys.sorted().enumerated() {
      let Q = relationships[name]!.precision
      let diagonal = Q.diagonal.enumerated().flatMap { [Double($0), Double($0), $1] }
      let entries = Q.edges.flatMap { [Double($0.row), Double($0.column), $0.value] }
      try archive.add(
        member(k), shape: [Q.diagonal.count + Q.edges.count, 3], diagonal + entries)
    }
  }

  /// - Throws: `ArchiveError`, `MalformedMember`.
  static func read(
    _ json: JSONMember?, _ archive: ArchiveReader
  ) throws -> [String: LevelRelationship] {
    guard let json else { return [:] }
    var relationships: [String: LevelRelationship] = [:]
    for (k, (name, levels)) in try json.members.enumerated() {
      let names = try levels.strings
      let (shape, values) = try archive.doubles(member(k))
      guard shape.count == 2, shape[1] == 3, shape[0] >= names.count else {
        throw MalformedMember(name: member(k), "it has not the entries of a matrix")
      }
      let entries = try (0..<shape[0]).map { e in
        let entry = values[3 * e..<3 * e + 3].map(\.self)
        guard let row = Int(exactly: entry[0]), let column = Int(exactly: entry[1]),
          names.indices.contains(row), names.indices.contains(column), entry[2].isFinite
        else { throw MalformedMember(name: member(k), "entry \(e + 1) is none") }
        return (row: names[row], column: names[column], value: entry[2])
      }
      do {
        relationships[name] = try LevelRelationship(precision: entries)
      } catch {
        throw MalformedMember(name: member(k), "\(error)")
      }
    }
    return relationships
  }
}
