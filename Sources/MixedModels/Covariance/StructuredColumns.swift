// SPDX-License-Identifier: GPL-2.0-or-later

/// What a covariance structure may know of the term whose effects it describes.
struct StructuredColumns: Sendable {
  /// Of the columns, ℓ.
  let names: [String]
  /// Whether all columns have one standard deviation.
  let isHomogeneous: Bool
  /// The levels of a factor of which the columns are the indicators, in the order of the columns; nil
  /// for other columns.
  let levels: [String]?
  /// `d`, of structures that have a number of dimensions.
  let dimensions: Int?

  var size: Int { names.count }
}

/// Why a term cannot have a covariance structure, or a structure certain parameters.
package struct StructureProblem: Error, Equatable {
  package let reason: String
  /// What to do, as a sentence.
  package let remedy: String
}
