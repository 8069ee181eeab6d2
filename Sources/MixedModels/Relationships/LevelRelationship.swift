// SPDX-License-Identifier: GPL-2.0-or-later
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
  /// Whether `precision` is Q(½) of neighbours, whose correlation is estimated.
  package internal(set) var isNeighbourhood = false

  /// From the entries of Q: one of a symmetric pair is enough, and both may be there.
  ///
  /// - Throws: `RelationshipError` for a pair that is there twice in one order, or with another value
  ///   in the other; a level without a positive diagonal entry; a matrix that is not positive definite.
  public init(
    precision entries: [(row: String, column: String, value: Double)]
  ) throws(RelationshipError) {
    setBLASThreads(1)  // the factor must not depend on the number of threads
    let Q = try LevelMatrix(entries)
    self.init(
      Q.levels,
      SparsePrecision(
        diagonal: Q.diagonal, edges: Q.edges, logDeterminant: try Q.logDeterminant()))
  }

  /// From the entries of Q⁻¹, such as genomic relationships.
  ///
  /// Q is their inverse, which is dense: the fit's equations then are, too.
  ///
  /// - Throws: as `init(precision:)`, and for an inverse that memory does not hold.
  public init(
    covariance entries: [(row: String, column: String, value: Double)]
  ) throws(RelationshipError) {
    setBLASThreads(1)
    let A = try LevelMatrix(entries)
    let n = A.levels.count
    do {
      try requireMemory(
        40 * Double(n) * Double(n), for: "the inverse of a covariance matrix of \(n) levels",
        remedy: "Give the inverse, if it is sparse.")
    } catch { throw .memoryShortage("\(error)") }
    self.init(A.levels, try Self.inverse(A))
  }

  package init(_ levels: [String], _ precision: SparsePrecision) {
    (self.levels, self.precision) = (levels, precision)
  }

  /// - Throws: `RelationshipError.notPositiveDefinite`
  private static func inverse(_ A: LevelMatrix) throws(RelationshipError) -> SparsePrecision {
    var factor = DenseMatrix(diagonal: A.diagonal)
    for edge in A.edges { factor[Int(edge.row), Int(edge.column)] = edge.value }
    do { try DenseCholesky.factorize(&factor) } catch {
      throw .notPositiveDefinite(A.levels[error.column])
    }
    let Q = DenseCholesky.inverse(factor: factor)
    let n = A.levels.count
    let edges = (0..<n).flatMap { j in
      (j + 1..<max(n, j + 1)).compactMap { i in
        Q[i, j] == 0
          ? nil : SparsePrecision.Edge(row: Int32(i), column: Int32(j), value: Q[i, j])
      }
    }
    return SparsePrecision(
      diagonal: Q.diagonal, edges: edges,
      logDeterminant: -DenseCholesky.logDeterminant(factor: factor))
  }
}
