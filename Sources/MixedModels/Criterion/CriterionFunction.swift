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
  private let covariance: RelativeCovariance
  private let criterion: any DifferentiableCriterion

  /// Reads the rows, once.
  ///
  /// - Throws: `FormulaError`, `DataError` or `FitError`.
  public init(_ formula: Formula, data: [DataSource], options: FitOptions = FitOptions()) throws {
    setBLASThreads(1)
    let model = try LinearMixedModel(formula, data: data, options: options)
    let threads = threadCount(options.threads)
    thetaNames = model.thetaNames
    covariance = model.covariance
    start = covariance.theta(covariance.identity)
    var plan = try EquationsPlan(
      model, solver: options.solver, accuracy: options.accuracy, threads: threads)
    if options.solver == "auto", try plan.obstacle(model, threads: threads) != nil,
      let exact = try? EquationsPlan(model, solver: "exact", threads: threads)
    {
      plan = exact
    }
    let equations = try PlannedEquations(
      model, plan.choice.drawing(seed: options.probeSeed), threads: threads)
    criterion = SharedCriterion(ProfiledCriterion(model, options.criterion, equations))
    if criterion.isPreliminary {
      _ = try criterion.value(covariance.identity)
      try criterion.refine()
    }
  }

  /// The REML criterion or −2 log-likelihood, profiled over β and σ.
  ///
  /// - Throws: `FitError`; also if θ has not as many values as `thetaNames`.
  public func callAsFunction(_ theta: [Double]) throws -> Double {
    try criterion.value(working(theta))
  }

  /// Standard error of the last value over the choice of random vectors; nil where values are exact.
  ///
  /// The vectors stay the same, so that differences of values at points near each other have much
  /// less of an error.
  public var standardError: Double? { criterion.standardError }

  /// The criterion and its exact gradient in θ, for about the cost of three evaluations.
  ///
  /// - Throws: `FitError`; also if θ has not as many values as `thetaNames`.
  public func gradient(_ theta: [Double]) throws -> (value: Double, gradient: [Double]) {
    let value = try criterion.value(working(theta))
    let derivatives = try criterion.derivatives()
    return (
      value,
      covariance.gradient(
        theta: theta, derivatives.slopes, residualWeight: derivatives.residualWeight)
    )
  }

  private func working(_ theta: [Double]) throws -> [Double] {
    guard theta.count == start.count else {
      throw FitError.start(given: theta.count, needed: thetaNames)
    }
    return covariance.working(theta)
  }
}
