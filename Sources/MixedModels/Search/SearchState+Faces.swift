// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Where Σ = TTᵀ of a term is singular, and columns of T vanish.
///
/// The criterion depends on Σ, so that it is even in every column of T: along a vanishing one its first
/// derivatives are zero, and its second ones are 2G_ik for the entries of rows i and k, with G the criterion's
/// derivative in Σ. One gradient beside the face has many of them.
extension SearchState {
  /// Whether there are so many parameters that looking at each small variance by itself takes longer than
  /// the rest of the search.
  var hasManyColumns: Bool {
    search.method == .newton && !search.isThorough && best.count >= 20
  }

  /// The vanishing columns of T of every unstructured term, and their numbers.
  private func vanishingColumns(_ φ: [Double]) -> [[(number: Int, entries: Range<Int>)]] {
    zip(search.covariance.blocks, search.covariance.blockColumns)
      .filter { $0.0.structure == nil }
      .map { _, columns in
        columns.enumerated().map { ($0.offset, $0.element) }
          .filter { _, entries in entries.allSatisfy { φ[$0] == 0 } }
      }
  }

  /// Puts small columns of T to zero, all at once if that is no worse, and looks by one gradient whether
  /// leaving that face pays.
  ///
  /// It does where G has a negative eigenvalue among the directions that Σ does not have. Those are the unit
  /// vectors of the vanishing columns, but for directions of Σ, along which the derivative is zero. A step ε in
  /// the diagonal entries of these columns has derivatives 2εG_ij.
  ///
  /// - Parameters:
  ///   - small: Columns with small diagonal entries.
  ///   - escaped: Becomes true where a better point was found, from which to search again.
  /// - Returns: Columns of which that does not tell.
  /// - Throws: What the criterion throws.
  mutating func visitFaces(_ small: [Range<Int>], _ escaped: inout Bool) throws -> [Range<Int>] {
    guard hasManyColumns, small.count > 1 else { return small }
    let tiny = small.filter { column in
      column.allSatisfy { abs(best[$0]) < CriterionSearch.nearZero }
    }
    let areZero = try tiny.count > 1 && isAsGood(zeroing: tiny.joined())
    if !areZero { for column in small { try putToZero(column) } }
    let origin = best
    let faces = vanishingColumns(origin).filter { !$0.isEmpty }
    let told = Set(faces.joined().map(\.entries))
    var moved = origin
    let units = units
    for column in told { moved[column.lowerBound] = Self.faceStep * units[column.lowerBound] }
    guard !told.isEmpty, let there = try derivatives(at: moved, isRecorded: false) else {
      return small
    }
    let before = value
    for face in faces {
      var G = DenseMatrix(rows: face.count, columns: face.count)
      for (b, j) in face.enumerated() {
        let k = j.entries.lowerBound
        for (a, i) in face.enumerated().dropFirst(b) {
          G[a, b] = there.gradient[k + i.number - j.number] / (2 * moved[k])
          G[b, a] = G[a, b]
        }
      }
      let (eigenvalues, vectors) = symmetricEigenvectors(G)
      guard let least = eigenvalues.first, least < 0 else { continue }
      for size in [0.01, 0.1, 0.5] {
        var φ = origin
        for (a, column) in face.enumerated() {
          φ[face[0].entries.lowerBound + column.number - face[0].number] = size * vectors[a, 0]
        }
        _ = try tolerantValue(φ)
      }
    }
    if hasGained(1e-9 * search.rows, over: before, at: origin) { escaped = true }
    return small.filter { !told.contains($0) }
  }

  /// In units of the coordinates: short beside what G changes along.
  private static let faceStep = 1e-3

  /// What second derivatives follow from along vanishing columns, by their coordinates: those of one row of all
  /// columns from one point.
  ///
  /// Steps in several such columns disturb each other by their squares only.
  mutating func curvatureAcrossFaces(
    _ φ: [Double], _ units: [Double], _ differences: CurvatureDifferences
  ) throws -> [Int: CriterionCurvature.Column] {
    guard hasManyColumns, criterion.standardError == nil, !differences.isExtrapolated,
      let centre = try derivatives(at: φ, isRecorded: false)
    else { return [:] }
    let faces = vanishingColumns(φ)
    let sizes = zip(search.covariance.blocks, search.covariance.blockColumns)
      .filter { $0.0.structure == nil }.map(\.1.count)
    var found: [Int: CriterionCurvature.Column] = [:]
    for row in 0..<(sizes.max() ?? 0) {
      var moved = φ
      var entries: [(k: Int, column: Range<Int>)] = []
      for (size, face) in zip(sizes, faces) where row < size {
        for column in face where column.number <= row {
          let k = column.entries.lowerBound + row - column.number
          moved[k] = differences.step * units[k]
          entries.append((k, column.entries))
        }
      }
      guard !entries.isEmpty, let ahead = try derivatives(at: moved, isRecorded: false) else {
        continue
      }
      for (k, column) in entries {
        found[k] = CriterionCurvature.Column(
          near: .init(ahead: ahead, behind: centre, distance: moved[k]), oddEntries: column)
      }
    }
    return found
  }
}
