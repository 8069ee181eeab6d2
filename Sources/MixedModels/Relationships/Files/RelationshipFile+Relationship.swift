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
