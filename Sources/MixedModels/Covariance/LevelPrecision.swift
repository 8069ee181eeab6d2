// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// How the levels of one grouping factor hang together: u ~ N(0, σ²(Q ⊗ I)⁻¹), b = (I ⊗ λ)u.
package enum LevelPrecision: Sendable {
  /// Independent levels: Q = I.
  case identity
  case sparse(SparsePrecision)

  /// Q's diagonal entry of a level.
  func diagonal(_ level: Int) -> Double {
    switch self {
    case .identity: 1
    case .sparse(let Q): Q.diagonal[level]
    }
  }

  /// Entries of Q below its diagonal.
  var edges: [SparsePrecision.Edge] {
    switch self {
    case .identity: []
    case .sparse(let Q): Q.edges
    }
  }

  /// log |Q|
  var logDeterminant: Double {
    switch self {
    case .identity: 0
    case .sparse(let Q): Q.logDeterminant
    }
  }

  /// What makes effects of such levels from independent ones; nil for independent levels.
  ///
  /// - Throws: `CholmodError`
  func root() throws(CholmodError) -> PrecisionRoot? {
    guard case .sparse(let Q) = self else { return nil }
    return try PrecisionRoot(Q)
  }

  var isIdentity: Bool {
    if case .identity = self { true } else { false }
  }
}
