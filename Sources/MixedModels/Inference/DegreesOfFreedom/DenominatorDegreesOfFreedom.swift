// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// How the uncertainty of the variance components enters tests of β.
package protocol DenominatorDegreesOfFreedom: Sendable {
  /// Cov(β) in working coordinates that tests are to use, p × p.
  var covariance: DenseMatrix { get }
  /// A hypothesis of more rows cannot be tested.
  var largestRank: Int { get }
  /// What to compare the F statistic of a hypothesis with.
  func denominator(_ hypothesis: LinearHypothesis) -> Denominator
  /// The same for many hypotheses of one row each, the columns of p × k.
  func denominators(_ rows: DenseMatrix) throws -> [Denominator]
}

extension DenominatorDegreesOfFreedom {
  package var largestRank: Int { .max }

  package func denominators(_ rows: DenseMatrix) throws -> [Denominator] {
    try (0..<rows.columns).map { k in
      denominator(
        try LinearHypothesis(
          rows: DenseMatrix(rows: 1, columns: rows.rows, storage: rows.column(k)), values: [0]))
    }
  }
}

extension DenseMatrix {
  /// lᵀ self l for every column l of `rows`.
  func quadraticForms(_ rows: DenseMatrix) -> [Double] {
    let image = self * rows
    return (0..<rows.columns).map { k in
      (0..<rows.rows).reduce(0) { $0 + rows[$1, k] * image[$1, k] }
    }
  }
}

/// The reference distribution of an F statistic: `scaling` · F ~ F(rank, `degreesOfFreedom`).
package struct Denominator: Sendable {
  /// Infinite for χ² / rank; nil where the approximation breaks down.
  package let degreesOfFreedom: Double?
  package var scaling = 1.0
  /// Of the degrees of freedom where they come from random probes; nil where they are exact.
  package var standardError: Double?
}

/// The same degrees of freedom for all hypotheses: n − p, or infinitely many.
package struct FixedDegreesOfFreedom: DenominatorDegreesOfFreedom {
  package let covariance: DenseMatrix
  package let degreesOfFreedom: Double

  package init(covariance: DenseMatrix, degreesOfFreedom: Double) {
    (self.covariance, self.degreesOfFreedom) = (covariance, degreesOfFreedom)
  }

  package func denominator(_ hypothesis: LinearHypothesis) -> Denominator {
    Denominator(degreesOfFreedom: degreesOfFreedom)
  }
}
