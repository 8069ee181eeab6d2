// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
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

extension DenominatorDegreesOfFreedom {
  package var largestRank: Int { .max }
}

/// The reference distribution of an F statistic: `scaling` · F ~ F(rank, `degreesOfFreedom`).
package struct Denominator: Sendable {
  /// Infinite for χ² / rank; nil where the approximation breaks down.
  package let degreesOfFreedom: Double?
  package var scaling = 1.0
  /// Of the degrees of freedom where they come from random probes; nil where they are exact.
  package var standardError: Double?
}

extension FittedModel {
  /// Without other variances that of the residuals is all that is estimated.
  func actual(_ method: DegreesOfFreedomMethod) -> DegreesOfFreedomMethod {
    isLeastSquares && method != .none && robustCovariance?.isOfRows != false ? .residual : method
  }

  /// By the covariance of the coefficients that was asked for.
  ///
  /// - Throws: `InferenceError` where the method does not fit the model, or the covariance.
  func degreesOfFreedom(
    _ method: DegreesOfFreedomMethod
  ) throws -> any DenominatorDegreesOfFreedom {
    guard let kind = robustCovariance else { return try modelDegreesOfFreedom(method) }
    if kind.isOfRows {
      return FixedDegreesOfFreedom(
        covariance: try rowRobust(kind).covariance,
        degreesOfFreedom: actual(method) == .none
          ? .infinity : Double(model.observations - model.fixedRank))
    }
    switch method {
    case .satterthwaite: return try ClusterRobust(self, kind)
    case .none:
      return FixedDegreesOfFreedom(
        covariance: try ClusterRobust(self, kind).covariance, degreesOfFreedom: .infinity)
    case .kenwardRoger, .kenwardRogerLinear, .residual:
      throw InferenceError.refused(
        "\(kind.rawValue) has degrees of freedom of its own: “\(method.rawValue)” is for the model's covariance of the coefficients. Use \(Setting.degreesOfFreedom(["satterthwaite", "none"]))."
      )
    }
  }

  /// nil for the model's.
  var robustCovariance: CoefficientCovariance? {
    options.coefficientCovariance.flatMap { $0 == .model ? nil : $0 }
  }

  /// nil for the model's covariance.
  ///
  /// - Throws: `InferenceError` where it cannot be had.
  var robustDescription: RobustDescription? {
    get throws {
      try robustCovariance.map { kind in
        kind.isOfRows
          ? try rowRobust(kind).description : try ClusterRobust(self, kind).description
      }
    }
  }

  /// What to say of the covariance of the coefficients; nothing of the model's.
  ///
  /// - Throws: `InferenceError` where it cannot be had.
  public func covarianceNotes() throws -> [String] {
    try robustDescription?.notes ?? []
  }

  /// By the model's covariance; the only place that knows which methods there are.
  ///
  /// - Throws: `InferenceError` where the method does not fit the model.
  func modelDegreesOfFreedom(
    _ method: DegreesOfFreedomMethod
  ) throws -> any DenominatorDegreesOfFreedom {
    if let repeated, let own = try repeated.degreesOfFreedom(method, coefficients, options) {
      return own
    }
    return switch actual(method) {
    case .satterthwaite: try Satterthwaite(self)
    case .kenwardRoger: try KenwardRoger(self)
    case .kenwardRogerLinear: try KenwardRoger(self, isLinear: true)
    case .residual:
      FixedDegreesOfFreedom(
        covariance: coefficients.covariance,
        degreesOfFreedom: Double(model.observations - model.fixedRank))
    case .none:
      FixedDegreesOfFreedom(covariance: coefficients.covariance, degreesOfFreedom: .infinity)
    }
  }
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
