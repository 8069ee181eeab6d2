// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

/// The criterion of one model and its data as a function of θ, for those who search, draw or time
/// it themselves
/// (lme4's `devFunOnly`).
///
/// It owns the factorization that an evaluation overwrites: use it on one thread at a time.
public final class CriterionFunction {
  /// Names of θ, in lme4's order.
  public let thetaNames: [String]
  /// The θ a search starts from: the relative covariance factors are identities.
  public let start: [Double]
  private var criterion: ProfiledCriterion<WholeEquations>

  /// Reads the rows, once.
  /// - Throws: `FormulaError`, `DataError` or `FitError`.
  public init(_ formula: Formula, data: [DataSource], options: FitOptions = FitOptions()) throws {
    setBLASThreads(1)
    let reading = try ModelReading(formula, data, options)
    let model = try LinearMixedModel(
      reading.specification, reading.crossProducts(), options: options)
    thetaNames = model.thetaNames
    start = model.covariance.theta(model.covariance.identity)
    criterion = try ProfiledCriterion(model, options.criterion, WholeEquations(model))
  }

  /// The REML criterion or −2 log-likelihood, profiled over β and σ.
  /// - Throws: `FitError`; also if θ has not as many values as `thetaNames`.
  public func callAsFunction(_ theta: [Double]) throws -> Double {
    guard theta.count == start.count else {
      throw FitError.start(given: theta.count, needed: thetaNames)
    }
    return try criterion(criterion.model.covariance.working(theta))
  }
}
