// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension SearchState {
  /// Whether there are too many parameters to try every small variance by itself.
  var isLarge: Bool {
    search.method == .newton && search.surveyEvaluations == 0 && best.count >= 20
  }

  /// Puts small columns of λ to zero, all at once if that is no worse, and looks by one gradient whether
  /// leaving that face pays: with Σ = λλᵀ on it and G the criterion's derivative in Σ it does where G has a
  /// negative eigenvalue among the directions that Σ does not have. Those are the unit vectors of the zero
  /// columns, but for directions of Σ, along which the derivative is zero. A step ε in the diagonals of the
  /// zero columns has derivatives 2εG_ij.
  ///
  /// - Parameter escaped: Becomes true where a better point was found, from which to search again.
  /// - Returns: Columns of which that does not tell.
  mutating func visitFaces(_ small: [Range<Int>], _ escaped: inout Bool) throws -> [Range<Int>] {
    guard !small.isEmpty else { return [] }
    let tiny = small.filter { column in
      column.allSatisfy { abs(best[$0]) < CriterionSearch.nearZero }
    }
    let areZero = try tiny.count > 1 && isAsGood(zeroing: tiny.joined())
    if !areZero { for column in small { try putToZero(column) } }
    let origin = best
    func isZero(_ column: Range<Int>) -> Bool { column.allSatisfy { origin[$0] == 0 } }
    let faces = zip(search.covariance.blocks, search.covariance.blockColumns)
      .filter { $0.0.structure == nil }
      .map { _, columns in columns.enumerated().filter { isZero($0.element) } }
      .filter { !$0.isEmpty }
    let told = Set(faces.joined().map(\.element))
    guard !told.isEmpty else { return small }
    var moved = origin
    let units = units
    for column in told { moved[column.lowerBound] = Self.faceStep * units[column.lowerBound] }
    guard let there = try derivatives(at: moved, isRecorded: false) else { return small }
    let before = value
    for face in faces {
      var G = DenseMatrix(rows: face.count, columns: face.count)
      for (b, j) in face.enumerated() {
        let k = j.element.lowerBound
        for (a, i) in face.enumerated().dropFirst(b) {
          G[a, b] = there.gradient[k + i.offset - j.offset] / (2 * moved[k])
          G[b, a] = G[a, b]
        }
      }
      let (eigenvalues, vectors) = symmetricEigenvectors(G)
      guard let least = eigenvalues.first, least < 0 else { continue }
      let first = face[0]
      for size in [0.01, 0.1, 0.5] {
        var φ = origin
        for (a, column) in face.enumerated() {
          φ[first.element.lowerBound + column.offset - first.offset] = size * vectors[a, 0]
        }
        _ = try tolerantValue(φ)
      }
    }
    if value < before - 1e-9 * search.rows { escaped = true }
    return small.filter { !told.contains($0) }
  }

  /// In units of the coordinates: short beside what G changes along.
  private static let faceStep = 1e-3
}
