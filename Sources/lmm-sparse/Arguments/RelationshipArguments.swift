// SPDX-License-Identifier: GPL-2.0-or-later
import ArgumentParser
import MixedModels
import ModelFrames
import Synchronization

/// Known covariances between the levels of grouping factors.
struct RelationshipArguments: ParsableArguments {
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      Relatives among a grouping factor's levels; repeatable. The file is a pedigree, a table whose \
      first three columns are individual, sire and dam, an unknown parent empty, NA or 0; or a \
      covariance matrix: a table with a column and a row of every level, the same labels in the \
      header and in the first column, a MatrixMarket file, or an array of NumPy (.npy).
      """, valueName: "factor=file"), completion: .file())
  var relationship: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      Inverse covariance matrix of a grouping factor's levels; repeatable. The file is a table whose \
      first three columns are level, level and value, or one with a column and a row of every \
      level, a MatrixMarket file or an array of NumPy (.npy), whose levels are 1, 2, … or the lines \
      of the file of the same name that ends in .labels.
      """, valueName: "factor=file"), completion: .file())
  var precision: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      Neighbours among a grouping factor's levels, such as regions of a map, whose effects are a \
      conditional autoregression with the precision D - rho W, rho to be estimated; repeatable. The file \
      is a table whose first two columns are a level and a neighbour, or a matrix as for --precision, \
      not zero for neighbours.
      """, valueName: "factor=file"), completion: .file())
  var neighbours: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      Groups of unknown parents in a factor's pedigree, which stand there as sire or dam and are no \
      individuals: their means differ; repeatable.
      """, valueName: "factor=name,…"))
  var parentGroups: [String] = []

  @Option(
    .groupVariance,
    "Variance of the groups' means, as a multiple of the additive variance; a large one, such as 10000, leaves them as good as fixed",
    valueName: "x")
  var groupVariance = 1.0

  @Option(
    help: ArgumentHelp(
      """
      Two grouping factors of one relationship whose effects at a level have a covariance: direct and \
      maternal effects, (1 | animal) + (1 | dam). A relationship of the first is that of both.
      """, valueName: "factor,factor"))
  var covary: String?

  private var all: [(option: String, argument: String)] {
    relationship.map { ("--relationship", $0) } + precision.map { ("--precision", $0) }
      + neighbours.map { ("--neighbours", $0) }
  }

  func validate() throws {
    var factors: Set<String> = []
    for (option, argument) in all {
      let (factor, _) = try columnAssignment(argument, option: option, key: "FACTOR", value: "FILE")
      guard factors.insert(factor).inserted else {
        throw ValidationError("\(option): '\(factor)' has two relationships.")
      }
    }
    for (factor, _) in try namedGroups() where !factors.contains(factor) {
      throw ValidationError("--parent-groups: '\(factor)' has no pedigree. Name its file: --relationship.")
    }
    guard groupVariance == 1 || !parentGroups.isEmpty else {
      throw ValidationError("--group-variance is that of --parent-groups, and there are none.")
    }
  }

  /// Names of the groups of unknown parents of every factor that has some.
  private func namedGroups() throws -> [String: [String]] {
    var groups: [String: [String]] = [:]
    for argument in parentGroups {
      let (factor, names) = try columnAssignment(
        argument, option: "--parent-groups", key: "FACTOR", value: "NAME,…")
      groups[factor, default: []] += names.split(separator: ",", omittingEmptySubsequences: false)
        .map { String($0.drop { $0 == " " }) }
    }
    if let (factor, _) = groups.first(where: { $0.value.contains("") }) {
      throw ValidationError("--parent-groups \(factor): a group has no name.")
    }
    return groups
  }

  /// Files named by the options.
  var files: [String] {
    all.compactMap {
      try? columnAssignment($0.argument, option: $0.option, key: "FACTOR", value: "FILE").value
    }
  }

  /// - Throws: `DelimitedTextError` with the file and the line.
  func set(_ options: inout FitOptions) throws {
    let groups = try namedGroups()
    if let covary {
      options.covaryingFactors = covary.split(separator: ",", omittingEmptySubsequences: false)
        .map { String($0.drop { $0 == " " }) }
    }
    for (option, argument) in all {
      let (factor, path) = try columnAssignment(
        argument, option: option, key: "FACTOR", value: "FILE")
      options.relationships[factor] = try Self.read(
        Key(
          path: path, option: option, groups: groups[factor] ?? [],
          groupVariance: groupVariance), for: factor)
    }
  }

  /// A file is read once, whatever the number of models, as a pipe can only be.
  private static func read(_ key: Key, for factor: String) throws -> LevelRelationship {
    try known.withLock { known in
      if let known = known[key] {
        try known.header?.check(factor)
        return known.relationship
      }
      let file = try RelationshipFile(key.path)
      let header = key.option == "--relationship" ? file.pedigreeHeader : nil
      try header?.check(factor)
      guard header != nil || key.groups.isEmpty else {
        throw file.problem(nil, "groups of unknown parents are those of a pedigree, and this is a matrix")
      }
      let relationship: LevelRelationship =
        switch key.option {
        case "--precision": try file.precision()
        case "--neighbours": try file.neighbours()
        default: try file.relationship(groups: key.groups, groupVariance: key.groupVariance)
        }
      known[key] = Known(relationship: relationship, header: header)
      return relationship
    }
  }

  /// One file can be given by several options, and is then read as what each says.
  private struct Key: Hashable {
    let path: String
    let option: String
    let groups: [String]
    let groupVariance: Double
  }

  private struct Known {
    let relationship: LevelRelationship
    /// Of a pedigree.
    let header: PedigreeHeader?
  }

  private static let known = Mutex([Key: Known]())
}

extension ValueRange<Double> {
  /// Of groups of unknown parents.
  fileprivate static let groupVariance = ValueRange(above: 0, upTo: 1e8)
}
