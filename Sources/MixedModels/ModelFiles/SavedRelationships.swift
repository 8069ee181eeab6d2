// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// The relationships of a fit's grouping factors in a model file: names of the levels in its JSON,
/// the entries of Q on and below the diagonal as an array with a row, a column and a value each; of a pedigree,
/// log |Q| and the diagonal of Q⁻¹ in another, for a large Q has no factor that would be found in good time. Q of neighbours
/// is Q(½), with an empty array that says so.
enum SavedRelationships {
  static func json(_ relationships: [String: LevelRelationship]) -> JSONValue {
    .sorted(relationships) { .strings($0.levels) }
  }

  private static func member(_ k: Int) -> String { "fit/relationship/\(k).npy" }
  private static func neighbours(_ k: Int) -> String { "fit/relationship/\(k)/neighbours.npy" }
  private static func variances(_ k: Int) -> String { "fit/relationship/\(k)/variances.npy" }

  static func write(
    _ relationships: [String: LevelRelationship], to archive: inout ArchiveWriter
  ) throws {
    for (k, name) in relationships.keys.sorted().enumerated() {
      let Q = relationships[name]!.precision
      let diagonal = Q.diagonal.enumerated().flatMap { [Double($0), Double($0), $1] }
      let entries = Q.edges.flatMap { [Double($0.row), Double($0.column), $0.value] }
      try archive.add(
        member(k), shape: [Q.diagonal.count + Q.edges.count, 3], diagonal + entries)
      if relationships[name]!.isNeighbourhood { try archive.add(neighbours(k), shape: [0], [Double]()) }
      if let known = Q.variances {
        try archive.add(variances(k), shape: [1 + known.count], [Q.logDeterminant] + known)
      }
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
      if archive.entries.contains(where: { $0.name == variances(k) }) {
        relationships[name] = LevelRelationship(names, try precision(k, values, archive, names.count))
        continue
      }
      let entries = try (0..<shape[0]).map { e in
        let entry = values[3 * e..<3 * e + 3].map(\.self)
        guard let row = Int(exactly: entry[0]), let column = Int(exactly: entry[1]),
          names.indices.contains(row), names.indices.contains(column), entry[2].isFinite
        else { throw MalformedMember(name: member(k), "entry \(e + 1) is none") }
        return (row: names[row], column: names[column], value: entry[2])
      }
      do {
        var relationship = try LevelRelationship(precision: entries)
        relationship.isNeighbourhood = archive.entries.contains { $0.name == neighbours(k) }
        relationships[name] = relationship
      } catch {
        throw MalformedMember(name: member(k), "\(error)")
      }
    }
    return relationships
  }

  /// Of a pedigree: entries in order, the diagonal's first.
  private static func precision(
    _ k: Int, _ values: [Double], _ archive: ArchiveReader, _ levels: Int
  ) throws -> SparsePrecision {
    let (shape, known) = try archive.doubles(variances(k))
    guard shape == [1 + levels], known.allSatisfy(\.isFinite), known.dropFirst().allSatisfy({ $0 > 0 }) else {
      throw MalformedMember(name: variances(k), "it has not the variances of the levels")
    }
    var diagonal: [Double] = []
    var edges: [SparsePrecision.Edge] = []
    for e in 0..<values.count / 3 {
      let (row, column, value) = (Int32(exactly: values[3 * e]), Int32(exactly: values[3 * e + 1]), values[3 * e + 2])
      guard let row, let column, value.isFinite, column >= 0, row >= column, row < levels,
        e < levels ? row == e && column == e && value > 0 : row > column
      else { throw MalformedMember(name: member(k), "entry \(e + 1) is none") }
      if e < levels { diagonal.append(value) } else {
        edges.append(SparsePrecision.Edge(row: row, column: column, value: value))
      }
    }
    return SparsePrecision(
      diagonal: diagonal, edges: SparsePrecision.summed(edges, levels: levels), logDeterminant: known[0],
      variances: Array(known.dropFirst()))
  }
}
