// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Principal components of the random effects on one grouping factor (lme4's `rePCA`): how many
/// dimensions the estimated covariance matrix really has.
///
/// On the relative scale: of λλᵀ = Σ/σ², in the columns that are reported.
public struct PrincipalComponents: Sendable {
  public let group: String
  /// Singular values of the relative covariance factor, descending.
  public let standardDeviations: [Double]

  private var total: Double { standardDeviations.reduce(0) { $0 + $1 * $1 } }

  /// Each one's share of the variance; nil where there is none.
  public var proportions: [Double?] {
    standardDeviations.map { total > 0 ? $0 * $0 / total : nil }
  }

  /// Sums of the shares.
  public var cumulativeProportions: [Double?] {
    var sum = 0.0
    return standardDeviations.map {
      sum += $0 * $0
      return total > 0 ? sum / total : nil
    }
  }
}

extension FittedModel {
  /// One entry per grouping factor; terms on one factor are independent blocks.
  var principalComponents: [PrincipalComponents] {
    var values: [(group: String, values: [Double])] = []
    for (term, λ) in zip(model.terms, model.covariance.reportedFactors(φ)) {
      if let known = values.firstIndex(where: { $0.group == term.groupName }) {
        values[known].values += singularValues(λ)
      } else {
        values.append((term.groupName, singularValues(λ)))
      }
    }
    return values.map {
      PrincipalComponents(group: $0.group, standardDeviations: $0.values.sorted(by: >))
    }
  }
}
