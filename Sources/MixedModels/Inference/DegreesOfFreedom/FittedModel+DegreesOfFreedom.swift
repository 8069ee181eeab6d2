// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

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
