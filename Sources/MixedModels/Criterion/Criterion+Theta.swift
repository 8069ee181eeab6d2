// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

/// The criterion in θ, for those who search, draw or time it themselves.
extension Criterion {
  /// Reads the rows, once.
  ///
  /// - Throws: `FormulaError`, `DataError` or `FitError`.
  public convenience init(
    _ formula: Formula, data: [any TableSource], options: FitOptions = FitOptions()
  ) throws {
    setBLASThreads(1)
    let model = try LinearMixedModel(formula, data: data, options: options)
    try self.init(model, options)
  }

  /// Names of θ, in lme4's order.
  public var thetaNames: [String] { model.thetaNames }

  /// The θ a search starts from: working columns have relative variance 1 and no covariance.
  public var start: [Double] { model.covariance.theta(model.covariance.identity) }

  /// The REML criterion or −2 log-likelihood, profiled over β and σ.
  ///
  /// - Throws: `FitError`; also if θ has not as many values as `thetaNames`.
  public func callAsFunction(_ theta: [Double]) throws -> Double {
    try value(working(theta))
  }

  /// The criterion and its exact gradient in θ, for about the cost of three evaluations.
  ///
  /// - Throws: `FitError`; also if θ has not as many values as `thetaNames`.
  public func gradient(_ theta: [Double]) throws -> (value: Double, gradient: [Double]) {
    let value = try value(working(theta))
    let derivatives = try derivatives()
    return (
      value,
      model.covariance.gradient(
        theta: theta, derivatives.slopes, residualWeight: derivatives.residualWeight)
    )
  }

  private func working(_ theta: [Double]) throws -> [Double] {
    guard theta.count == model.thetaNames.count else {
      throw FitError.start(given: theta.count, needed: model.thetaNames)
    }
    try model.checkTheta(theta)
    return model.covariance.working(theta)
  }
}
