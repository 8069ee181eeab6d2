// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

/// The choices that belong to a model as much as its formula does.
package struct ModelOptions: Sendable, Equatable {
  package var weights: String?
  package var offset: String?
  package var clusters: String?
  /// Of splines whose knots come from the values, by the names of the variables.
  package var splines: [String: SplineKnots]
  /// Factors of the fixed part that are kept as sparse columns, by name.
  package var setApart: [String] = []
  /// See `FitOptions`.
  package var residualBy: String?
  package var levels: [String: [String]]
  package var contrasts: [String: Contrast]
  package var omitsMissing: Bool
  package var missingTexts: Set<String>
  package var residual: ResidualTerm?
}

extension FitOptions {
  /// The factors that are kept as sparse columns, once that is decided.
  var setApart: [String] {
    if case .factors(let names) = sparseFixed { names } else { [] }
  }

  var model: ModelOptions {
    ModelOptions(
      weights: weights, offset: offset, clusters: clusters, splines: splines, setApart: setApart, residualBy: residualBy,
      levels: levels, contrasts: contrasts,
      omitsMissing: omitsMissing, missingTexts: reading.missingTexts, residual: residual)
  }
}
