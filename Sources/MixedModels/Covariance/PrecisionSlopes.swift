// SPDX-License-Identifier: GPL-2.0-or-later

/// First derivatives of log |K| (log |M| for ML) and of r² in the entries of one group's Q, which has
/// parameters: those of a level, and half of those of a pair of levels.
package struct PrecisionSlopes: Equatable, Sendable {
  package struct Entries: Equatable, Sendable {
    /// On the diagonal.
    package var levels: [Double]
    /// Parallel to Q's entries below it.
    package var edges: [Double]
  }
  /// tr [K⁻¹]_ij
  package var inverse: Entries
  /// uᵢᵀuⱼ
  package var squares: Entries
  /// Whether log |Q| takes part.
  private(set) var includesDeterminant = true

  package init(inverse: Entries, squares: Entries) {
    (self.inverse, self.squares) = (inverse, squares)
  }

  /// Those of r² alone.
  var ofSquares: PrecisionSlopes {
    var alone = self
    alone.inverse.levels = inverse.levels.map { _ in 0 }
    alone.inverse.edges = inverse.edges.map { _ in 0 }
    alone.includesDeterminant = false
    return alone
  }
}
