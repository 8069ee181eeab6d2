// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames

/// What is known of how the levels of grouping factors hang together.
extension FitRequest {
  private static let forms = ["pedigree", "relationship", "precision", "neighbours"]
  static let relationships = forms + ["parent_groups", "group_variance", "covary"]

  /// - Throws: `RequestError`, `RelationshipError`, `DelimitedTextError`.
  func setRelationships(_ options: inout FitOptions) throws {
    let groups = try parentGroups()
    options.covaryingFactors = try request.strings("covary")
    for name in Self.forms {
      for (factor, value) in try request.object(name) {
        guard options.relationships[factor] == nil else {
          throw request.fault(name, "names \(factor), whose relationship is given already")
        }
        let known = GivenRelationship(request, name, factor: factor, groups: groups[factor])
        options.relationships[factor] = try known.relationship(value)
      }
    }
    if let factor = groups.keys.sorted().first(where: { options.relationships[$0] == nil }) {
      throw request.fault("parent_groups", "names \(factor), which has no pedigree")
    }
  }

  /// Groups of unknown parents of every factor that has some.
  private func parentGroups() throws -> [String: ParentGroups] {
    let variance = try request.double("group_variance")
    var groups: [String: ParentGroups] = [:]
    for (factor, value) in try request.object("parent_groups") {
      groups[factor] = ParentGroups(
        names: try request.strings(value, "parent_groups"), variance: variance ?? 1)
    }
    guard variance == nil || !groups.isEmpty else {
      throw request.fault("group_variance", "is that of parent_groups, and there are none")
    }
    return groups
  }
}

/// Names of groups of unknown parents, and their variance as a multiple of the additive one.
private struct ParentGroups {
  let names: [String]
  let variance: Double
}

/// The value that a factor has in one of the objects: a file, or what would be in it.
private struct GivenRelationship {
  let request: Request
  /// pedigree, relationship, precision or neighbours.
  let option: String
  let factor: String
  /// nil where there are none.
  let groups: ParentGroups?
  private var isPrecision: Bool { option == "precision" }

  init(_ request: Request, _ option: String, factor: String, groups: ParentGroups?) {
    (self.request, self.option, self.factor, self.groups) = (request, option, factor, groups)
  }

  func relationship(_ value: JSONValue) throws -> LevelRelationship {
    if isPrecision { try requireNoGroups() }
    if option == "neighbours" { return try neighbours(value) }
    switch value {
    case .string(let path) where option != "pedigree": return try file(path)
    case .object(let members):
      if !isPrecision, members.contains(where: { $0.name == "individual" }) {
        return try pedigree(members)
      }
      if option != "pedigree" {
        try requireNoGroups()
        let isMatrix = members.contains { $0.name == "levels" }
        let known = try isMatrix ? matrix(members) : entries(members)
        return try isPrecision
          ? LevelRelationship(precision: known) : LevelRelationship(covariance: known)
      }
      fallthrough
    default: throw request.fault(option, Self.words[option]!)
    }
  }

  private static let words = [
    "pedigree": "needs lists of individual, sire and dam for every factor",
    "relationship":
      "takes for every factor a file, a pedigree with individual, sire and dam, or a matrix with levels and values",
    "neighbours": "takes for every factor a file, or lists of row and column, pairs of levels",
    "precision":
      "takes for every factor a file, a matrix with levels and values, or entries with row, column and value",
  ]

  private func neighbours(_ value: JSONValue) throws -> LevelRelationship {
    try requireNoGroups()
    switch value {
    case .string(let path): return try RelationshipFile(path).neighbours()
    case .object(let members):
      let rows = try request.strings(.array(list("row", members)), option)
      let columns = try request.strings(.array(list("column", members)), option)
      try requireEqualLengths([rows.count, columns.count])
      return try LevelRelationship(neighbours: Array(zip(rows, columns)))
    default: throw request.fault(option, Self.words[option]!)
    }
  }

  private func file(_ path: String) throws -> LevelRelationship {
    let file = try RelationshipFile(path)
    if isPrecision { return try file.precision() }
    if let header = file.pedigreeHeader { try header.check(factor) } else { try requireNoGroups() }
    return try file.relationship(groups: groups?.names ?? [], groupVariance: groups?.variance ?? 1)
  }

  /// - Throws: `RequestError` where groups of unknown parents are named for what is no pedigree.
  private func requireNoGroups() throws {
    guard groups != nil else { return }
    throw request.fault(
      "parent_groups", "are those of a pedigree, and what is given for \(factor) is a matrix")
  }

  private func pedigree(_ members: [(name: String, value: JSONValue)]) throws -> LevelRelationship {
    func labels(_ name: String) throws -> [String?] {
      try list(name, members).map { element in
        if case .null = element { return nil }
        return try request.strings(.array([element]), option)[0]
      }
    }
    let (individuals, sires, dams) = (try labels("individual"), try labels("sire"), try labels("dam"))
    try requireEqualLengths([individuals.count, sires.count, dams.count])
    let records = try individuals.indices.map { k in
      guard let individual = individuals[k] else {
        throw request.fault(option, "lacks the individual of record \(k + 1)")
      }
      return (individual: individual, sire: sires[k], dam: dams[k])
    }
    return try Pedigree(
      records, groups: groups?.names ?? [], groupVariance: groups?.variance ?? 1
    ).relationship
  }

  private typealias Entry = (row: String, column: String, value: Double)

  /// A row of values for every level.
  private func matrix(_ members: [(name: String, value: JSONValue)]) throws -> [Entry] {
    let levels = try request.strings(.array(list("levels", members)), option)
    let rows = try list("values", members).map { try request.doubles($0, option) }
    guard rows.count == levels.count, rows.allSatisfy({ $0.count == levels.count }) else {
      throw request.fault(
        option, "has no matrix of \(levels.count) rows and columns for the \(levels.count) levels of \(factor)")
    }
    return levels.indices.flatMap { i in levels.indices.map { (levels[i], levels[$0], rows[i][$0]) } }
  }

  /// Those that are not zero.
  private func entries(_ members: [(name: String, value: JSONValue)]) throws -> [Entry] {
    let rows = try request.strings(.array(list("row", members)), option)
    let columns = try request.strings(.array(list("column", members)), option)
    let values = try request.doubles(.array(list("value", members)), option)
    try requireEqualLengths([rows.count, columns.count, values.count])
    return rows.indices.map { (rows[$0], columns[$0], values[$0]) }
  }

  private func list(
    _ name: String, _ members: [(name: String, value: JSONValue)]
  ) throws -> [JSONValue] {
    guard case .array(let elements)? = members.first(where: { $0.name == name })?.value else {
      throw request.fault(option, Self.words[option]!)
    }
    return elements
  }

  private func requireEqualLengths(_ lengths: [Int]) throws {
    guard Set(lengths).count > 1 else { return }
    throw request.fault(option, "has lists of different lengths for \(factor)")
  }
}
