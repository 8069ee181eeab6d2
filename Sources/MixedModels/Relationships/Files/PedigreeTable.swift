// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Individual, sire and dam of every line after the header.
struct PedigreeTable {
  typealias Record = (individual: String, sire: String?, dam: String?)

  let records: [Record]
  private let lines: [Int]

  /// - Throws: `DelimitedTextError` where a line has no individual, or the table is none of animals and
  ///   their parents.
  init(_ file: RelationshipFile) throws {
    var (records, lines) = ([Record](), [Int]())
    for (line, fields) in try file.lines("individual, sire and dam") {
      guard !Self.unknown.contains(fields[0]) else {
        throw file.problem(line, "the individual has no name")
      }
      func parent(_ name: String) -> String? { Self.unknown.contains(name) ? nil : name }
      records.append((fields[0], parent(fields[1]), parent(fields[2])))
      lines.append(line)
    }
    (self.records, self.lines) = (records, lines)
    if isRecord(file.text.records[0]) {
      throw file.problem(
        file.text.lines[0],
        "this is a record, and the first line must name the columns. Add one: individual,sire,dam")
    }
    if let (line, words) = namesProblem { throw file.problem(line, words) }
  }

  private static let unknown: Set<String> = ["", "NA", "0"]
  /// Whether the first line is one of an individual, not of names of columns.
  private func isRecord(_ header: [String]) -> Bool {
    header.dropFirst().prefix(2).contains { Self.unknown.contains($0) }
      || records.contains { record in
        [record.individual, record.sire, record.dam].contains { $0?.hasBytes(of: header[0]) == true }
      }
  }

  /// Where numbers with decimals are either individuals or parents: a measurement, or names that a
  /// program has made numbers of.
  private var namesProblem: (Int, String)? {
    func isDecimal(_ name: String?) -> Bool {
      name.map { $0.contains(".") && Double($0) != nil } ?? false
    }
    let parents = records.firstIndex { isDecimal($0.sire) || isDecimal($0.dam) }
    let individuals = records.firstIndex { isDecimal($0.individual) }
    guard (parents == nil) != (individuals == nil), let k = parents ?? individuals else {
      return nil
    }
    let record = records[k]
    let name = [record.sire, record.dam, record.individual].first { isDecimal($0) }!!
    return (
      lines[k],
      parents != nil
        ? "“\(name)” is a number with decimals, as no individual has for a name. The first three columns of a pedigree are individual, sire and dam"
        : "“\(name)” is a number with decimals, as no parent has for a name. The first three columns of a pedigree are individual, sire and dam"
    )
  }

  /// Where what an error names is there for the last time.
  func line(of error: RelationshipError) -> Int? {
    switch error {
    case .individualTwice(let name, _), .ownAncestor(let name), .groupAmongIndividuals(let name):
      records.lastIndex { $0.individual.hasBytes(of: name) }.map { lines[$0] }
    default: nil
    }
  }
}

/// The names of a pedigree's columns, for every factor that it is given to.
package struct PedigreeHeader: Sendable {
  let path: String
  let line: Int
  let names: [String]

  /// What columns of parents are called.
  private static let parents = ["sire", "dam", "father", "mother", "parent", "male"]

  /// - Throws: `DelimitedTextError` where the factor's column stands elsewhere than a pedigree's individuals
  ///   do, so that the table is another.
  package func check(_ factor: String) throws {
    guard let place = names.firstIndex(ofLabel: factor), place > 0,
      !Self.parents.contains(where: { factor.lowercased().contains($0) })
    else { return }
    throw DelimitedTextError(
      name: path, line: line,
      problem:
        "“\(factor)” is column \(place + 1). The first three columns of a pedigree are individual, sire and dam; this is another table"
    )
  }
}
