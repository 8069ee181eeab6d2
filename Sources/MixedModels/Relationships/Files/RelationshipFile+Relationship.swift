// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension RelationshipFile {
  /// From a pedigree, with the names of groups of unknown parents, or from a covariance matrix.
  ///
  /// - Throws: `DelimitedTextError` with the line.
  package func relationship(
    groups: [String] = [], groupVariance: Double = 1
  ) throws -> LevelRelationship {
    guard pedigreeHeader == nil else {
      let table = try PedigreeTable(self)
      return try naming(table.line) { () throws(RelationshipError) in
        try Pedigree(table.records, groups: groups, groupVariance: groupVariance).relationship
      }
    }
    let matrix = try matrix()
    return try naming(matrix.line) { () throws(RelationshipError) in
      try LevelRelationship(covariance: matrix.entries)
    }
  }

  /// nil where it is a matrix, or empty.
  package var pedigreeHeader: PedigreeHeader? {
    guard !isMatrixMarket, !isSquare, let names = text.records.first else { return nil }
    return PedigreeHeader(path: path, line: text.lines[0], names: names)
  }

  /// From an inverse covariance matrix.
  ///
  /// - Throws: `DelimitedTextError` with the line.
  package func precision() throws -> LevelRelationship {
    let matrix = try matrix()
    return try naming(matrix.line) { () throws(RelationshipError) in
      try LevelRelationship(precision: matrix.entries)
    }
  }

  /// From a list of neighbours, two levels a line, or a matrix whose entries off the diagonal are not zero for
  /// neighbours.
  ///
  /// - Throws: `DelimitedTextError` with the line.
  package func neighbours() throws -> LevelRelationship {
    var pairs: [(line: Int?, a: String, b: String)] = []
    if array != nil || isMatrixMarket || isSquare {
      pairs = try matrix().entries.filter { $0.value != 0 && !$0.row.hasBytes(of: $0.column) }
        .map { (nil, $0.row, $0.column) }
    } else {
      guard text.records.count > 1 else {
        throw problem(nil, "there is nothing after a header line with level and neighbour")
      }
      for (line, fields) in zip(text.lines, text.records).dropFirst() {
        guard fields.count >= 2, !fields[0].isEmpty, !fields[1].isEmpty else {
          throw problem(line, "this is no pair of neighbours: a line has a level and one of its neighbours")
        }
        pairs.append((line, fields[0], fields[1]))
      }
    }
    guard !pairs.isEmpty else { throw problem(nil, "no level has a neighbour") }
    return try naming({ error in
      guard case .ownNeighbour(let level) = error else { return nil }
      return pairs.first { $0.a.hasBytes(of: level) && $0.b.hasBytes(of: level) }?.line
    }) { () throws(RelationshipError) in
      try LevelRelationship(neighbours: pairs.map { ($0.a, $0.b) })
    }
  }

  private func matrix() throws -> MatrixTable {
    if let array { return try MatrixTable(numPy: array, self) }
    if isMatrixMarket { return try MatrixTable(matrixMarket: self) }
    return try isSquare ? MatrixTable(square: self) : MatrixTable(entries: self)
  }

  private var isMatrixMarket: Bool {
    text.records.first?.first?.lowercased().hasPrefix("%%matrixmarket") == true
  }

  /// Whether the header has the labels of the first column.
  private var isSquare: Bool {
    guard let header = text.records.first, header.count > 1,
      header.count == text.records.count
    else { return false }
    return zip(header, text.records).dropFirst().allSatisfy { $0.hasBytes(of: $1[0]) }
  }

  private func naming(
    _ line: (RelationshipError) -> Int?,
    _ make: () throws(RelationshipError) -> LevelRelationship
  ) throws -> LevelRelationship {
    do throws(RelationshipError) { return try make() } catch {
      throw problem(line(error), "\(error)")
    }
  }
}
