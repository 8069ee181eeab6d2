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
      Pedigree of a grouping factor's levels: a table whose first three columns are individual, \
      sire and dam, an unknown parent empty, NA or 0; repeatable.
      """, valueName: "factor=file"))
  var relationship: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      Inverse covariance matrix of a grouping factor's levels: a table whose first three columns \
      are level, level and value, each pair once; repeatable.
      """, valueName: "factor=file"))
  var precision: [String] = []

  private var all: [(option: String, argument: String)] {
    relationship.map { ("--relationship", $0) } + precision.map { ("--precision", $0) }
  }

  func validate() throws {
    var factors: Set<String> = []
    for (option, argument) in all {
      let (factor, _) = try columnAssignment(argument, option: option, key: "FACTOR", value: "FILE")
      guard factors.insert(factor).inserted else {
        throw ValidationError("\(option): '\(factor)' has two relationships.")
      }
    }
  }

  /// Files named by the options.
  var files: [String] {
    all.compactMap {
      try? columnAssignment($0.argument, option: $0.option, key: "FACTOR", value: "FILE").value
    }
  }

  /// - Throws: `DelimitedTextError` with the file and the line.
  func set(_ options: inout FitOptions) throws {
    for (option, argument) in all {
      let (factor, path) = try columnAssignment(
        argument, option: option, key: "FACTOR", value: "FILE")
      options.relationships[factor] = try Self.read(path, isPedigree: option == "--relationship")
    }
  }

  /// A file is read once, whatever the number of models, as a pipe can only be.
  private static func read(_ path: String, isPedigree: Bool) throws -> LevelRelationship {
    try known.withLock { known in
      // One file can be a pedigree for one factor and a matrix for another, and is then read as both.
      let key = Key(path: path, isPedigree: isPedigree)
      if let relationship = known[key] { return relationship }
      let text = try DelimitedText(contentsOf: path, .utf8, limit: 1 << 30)
      let relationship: LevelRelationship
      do {
        relationship =
          try isPedigree
          ? Pedigree(pedigree(text, path)).relationship
          : LevelRelationship(precision: precision(text, path))
      } catch let error as RelationshipError {
        throw DelimitedTextError(
          name: path, line: line(of: error, text), problem: "\(error)")
      }
      known[key] = relationship
      return relationship
    }
  }

  /// Individual, sire and dam of every line after the header.
  private static func pedigree(
    _ text: DelimitedText, _ path: String
  ) throws -> [(individual: String, sire: String?, dam: String?)] {
    try lines(text, path, columns: "individual, sire and dam").map { line, fields in
      guard !unknown.contains(fields[0]) else {
        throw DelimitedTextError(name: path, line: line, problem: "the individual has no name")
      }
      func parent(_ name: String) -> String? { unknown.contains(name) ? nil : name }
      return (fields[0], parent(fields[1]), parent(fields[2]))
    }
  }

  private static let unknown: Set<String> = ["", "NA", "0"]

  /// Two levels and a number of every line after the header.
  private static func precision(
    _ text: DelimitedText, _ path: String
  ) throws -> [(row: String, column: String, value: Double)] {
    try lines(text, path, columns: "level, level and value").map { line, fields in
      guard let value = Double(fields[2]), value.isFinite else {
        throw DelimitedTextError(
          name: path, line: line, problem: "'\(fields[2])' is no number")
      }
      return (fields[0], fields[1], value)
    }
  }

  private static func lines(
    _ text: DelimitedText, _ path: String, columns: String
  ) throws -> [(line: Int, fields: [String])] {
    guard text.records.count > 1 else {
      throw DelimitedTextError(
        name: path, line: nil, problem: "there is nothing after a header line with \(columns)")
    }
    return try zip(text.lines, text.records).dropFirst().map { line, fields in
      guard fields.count >= 3 else {
        throw DelimitedTextError(
          name: path, line: line, problem: "\(fields.count) fields, not \(columns)")
      }
      return (line, fields)
    }
  }

  /// Where what an error names is there for the last time.
  private static func line(of error: RelationshipError, _ text: DelimitedText) -> Int? {
    func last(_ isMeant: ([String]) -> Bool) -> Int? {
      text.records.indices.dropFirst().last { isMeant(text.records[$0]) }.map { text.lines[$0] }
    }
    switch error {
    case .individualTwice(let name), .ownAncestor(let name):
      return last { $0[0].hasBytes(of: name) }
    case .noDiagonal(let name):
      return last { $0.prefix(2).contains { $0.hasBytes(of: name) } }
    case .repeated(let a, let b):
      return last {
        let pair = Array($0.prefix(2))
        return pair == [a, b] || pair == [b, a]
      }
    case .notPositiveDefinite, .unknownLevel, .noSuchFactor: return nil
    }
  }

  private struct Key: Hashable {
    let path: String
    let isPedigree: Bool
  }

  private static let known = Mutex([Key: LevelRelationship]())
}
