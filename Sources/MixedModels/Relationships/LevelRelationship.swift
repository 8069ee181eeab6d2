// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

/// Known covariances between the levels of a grouping factor: of relatives, neighbours or species.
///
/// The random effects of the factor's terms have the covariance matrix σ²(Q⁻¹ ⊗ λλᵀ). Levels that the
/// data do not have, such as ancestors without records, have effects, too.
public struct LevelRelationship: Sendable, Equatable {
  /// Names of the levels, in the order of Q.
  public let levels: [String]
  package let precision: SparsePrecision

  /// From the entries of Q, each pair of levels once, in either order.
  ///
  /// - Throws: `RelationshipError` for a pair that is there twice, a level without a diagonal entry, or
  ///   a matrix that is not positive definite.
  public init(
    precision entries: [(row: String, column: String, value: Double)]
  ) throws(RelationshipError) {
    var index: [Label: Int] = [:]
    var levels: [String] = []
    for entry in entries where entry.row.hasBytes(of: entry.column) {
      guard index.updateValue(levels.count, forKey: Label(entry.row)) == nil else {
        throw .repeated(entry.row, entry.row)
      }
      levels.append(entry.row)
    }
    var diagonal = [Double](repeating: 0, count: levels.count)
    var edges: [SparsePrecision.Edge] = []
    for entry in entries {
      guard let i = index[Label(entry.row)] else { throw .noDiagonal(entry.row) }
      guard let j = index[Label(entry.column)] else { throw .noDiagonal(entry.column) }
      if i == j {
        diagonal[i] = entry.value
      } else if entry.value != 0 {
        edges.append(
          SparsePrecision.Edge(
            row: Int32(max(i, j)), column: Int32(min(i, j)), value: entry.value))
      }
    }
    edges.sort { ($0.column, $0.row) < ($1.column, $1.row) }
    for (a, b) in zip(edges, edges.dropFirst()) where a.row == b.row && a.column == b.column {
      throw .repeated(levels[Int(a.row)], levels[Int(a.column)])
    }
    guard let logDeterminant = Self.logDeterminant(diagonal, edges) else {
      throw .notPositiveDefinite
    }
    self.init(levels, SparsePrecision(
      diagonal: diagonal, edges: edges, logDeterminant: logDeterminant))
  }

  package init(_ levels: [String], _ precision: SparsePrecision) {
    (self.levels, self.precision) = (levels, precision)
  }

  /// nil unless positive definite.
  private static func logDeterminant(
    _ diagonal: [Double], _ edges: [SparsePrecision.Edge]
  ) -> Double? {
    guard !diagonal.isEmpty else { return 0 }
    var starts = [0]
    var (rows, values): ([Int], [Double]) = ([], [])
    var next = edges[...]
    for level in diagonal.indices {
      rows.append(level)
      values.append(diagonal[level])
      while let edge = next.first, edge.column == level {
        rows.append(Int(edge.row))
        values.append(edge.value)
        next.removeFirst()
      }
      starts.append(rows.count)
    }
    let pattern = SymmetricPattern(
      size: diagonal.count, columnStarts: starts, rowIndices: rows)
    do {
      let order = try fillReducingOrder(pattern)
      let (permuted, source) = pattern.permuted(by: order)
      var factor = try SparseCholesky(analyzing: permuted)
      try factor.factorize(source.map { values[$0] })
      let value = factor.logDeterminant(0..<diagonal.count)
      return value.isFinite ? value : nil
    } catch {
      return nil
    }
  }
}

/// Why a table says no covariances between levels.
public enum RelationshipError: Error, Sendable, Equatable {
  case repeated(String, String)
  case noDiagonal(String)
  case notPositiveDefinite
  case individualTwice(String)
  case ownAncestor(String)
  /// Of the data, not among the relationship's.
  case unknownLevel(String, factor: String)
  case noSuchFactor(String, known: [String])
}

extension RelationshipError: CustomStringConvertible {
  public var description: String { message.description }

  private var message: MessageText {
    switch self {
    case .repeated(let a, let b) where a.hasBytes(of: b): "“\(a)” has two diagonal entries"
    case .repeated(let a, let b):
      "the pair of “\(a)” and “\(b)” is there twice. Give each pair once; the matrix is symmetric"
    case .noDiagonal(let level): "“\(level)” has no diagonal entry. Add the line \(level),\(level),…"
    case .notPositiveDefinite:
      "the matrix is not positive definite, so that it is no precision matrix (the inverse of a covariance matrix)"
    case .individualTwice(let name): "“\(name)” is there twice"
    case .ownAncestor(let name): "“\(name)” is among its own ancestors"
    case .unknownLevel(let level, let factor):
      "the level “\(level)” of \(factor) is not in its relationship. Add it, or leave out its rows"
    case .noSuchFactor(let name, let known):
      "no random-effects term has the grouping factor “\(name)”. There are \(known.joined(separator: ", "))"
    }
  }
}
