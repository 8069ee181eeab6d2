// SPDX-License-Identifier: GPL-2.0-or-later

/// The conditional modes b = Λu of one term, and their conditional covariances given θ and β.
///
/// Stored flat, for millions of levels.
public struct ConditionalModes: Sendable {
  public let name: String
  public let group: String
  public let columns: [String]
  public let levels: [String]
  /// Level after level, one value for every column.
  public let values: [Double]
  /// Level after level, columns × columns, symmetric: σ²Λ(ΛᵀZᵀWZΛ + I)⁻¹Λᵀ, lme4's `postVar`.
  public let covarianceValues: [Double]

  public func mode(level: Int, column: Int) -> Double { values[level * columns.count + column] }

  public func standardDeviation(level: Int, column: Int) -> Double {
    max(covariance(level: level, column, column), 0).squareRoot()
  }

  public func covariance(level: Int, _ i: Int, _ j: Int) -> Double {
    covarianceValues[(level * columns.count + j) * columns.count + i]
  }
}

extension ConditionalModes {
  package init(
    _ name: String, group: String, columns: [String], levels: [String], values: [Double],
    covarianceValues: [Double]
  ) {
    self.init(
      name: name, group: group, columns: columns, levels: levels, values: values,
      covarianceValues: covarianceValues)
  }
}
