// SPDX-License-Identifier: GPL-2.0-or-later

/// The covariance matrix of one random-effects term, on the scale of the response.
public struct VarianceComponent: Sendable {
  /// lme4's name of the term: `Subject`, `Subject.1` for a second term on the same factor.
  public let name: String
  /// The grouping factor: `Subject`, `b:a` for the inner factor of `a/b`.
  public let group: String
  public let levelCount: Int
  /// R's names of the term's columns.
  public let columns: [String]
  /// Standard deviations (not variances).
  public let standardDeviations: [Double]
  /// Correlations, ℓ × ℓ; nil where a standard deviation is zero (the diagonal is 1).
  public let correlations: [[Double?]]
  /// σ²λλᵀ, ℓ × ℓ.
  public let covariances: [[Double]]
  /// Asymptotic standard errors of the standard deviations; nil for one that is zero, or where the
  /// Hessian is not known.
  public let standardErrors: [Double?]
  /// The same of the correlations, ℓ × ℓ; nil on the diagonal and at ±1.
  public let correlationStandardErrors: [[Double?]]
  /// Columns whose effects are taken for zero, since the data do not determine them: their standard
  /// deviations have no estimates.
  public let held: [Int]
  /// Of the covariance matrix; nil where any is allowed, or a diagonal one.
  public let structure: StructureDescription?
}

extension VarianceComponent {
  /// Standard deviations; nil for those of columns that are held at zero.
  package var reportedDeviations: [Double?] {
    standardDeviations.indices.map { held.contains($0) ? nil : standardDeviations[$0] }
  }

  /// Covariances; nil beside columns that are held at zero.
  package var reportedCovariances: [[Double?]] {
    covariances.indices.map { i in
      covariances[i].indices.map { held.contains(i) || held.contains($0) ? nil : covariances[i][$0] }
    }
  }
}

extension VarianceComponent {
  package init(
    _ name: String, group: String, levelCount: Int, columns: [String], standardDeviations: [Double],
    correlations: [[Double?]], covariances: [[Double]], standardErrors: [Double?]? = nil,
    correlationStandardErrors: [[Double?]]? = nil, held: [Int] = []
  ) {
    let none = columns.map { _ in Double?.none }
    self.init(
      name: name, group: group, levelCount: levelCount, columns: columns,
      standardDeviations: standardDeviations, correlations: correlations, covariances: covariances,
      standardErrors: standardErrors ?? none,
      correlationStandardErrors: correlationStandardErrors ?? columns.map { _ in none }, held: held,
      structure: nil)
  }
}
