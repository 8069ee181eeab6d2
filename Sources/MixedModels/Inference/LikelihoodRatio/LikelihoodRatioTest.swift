// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// A likelihood-ratio test of one model within a larger one, with as many p-values as were asked for.
public struct LikelihoodRatioTest: Sendable {
  /// The difference of the criteria, not negative.
  public let statistic: Double
  /// Standard error of `statistic` over the choice of random vectors; nil where criteria are exact.
  public let statisticError: Double?
  /// Parameters that the larger model has more.
  public let df: Int
  /// From χ² with `df` degrees of freedom, conservative for a hypothesis on the boundary; nil where `df`
  /// is 0.
  public let naivePValue: Double?
  public let mixture: BoundaryMixture?
  /// From the mixture.
  public let mixturePValue: Double?
  /// By simulation.
  public let exact: ExactTest.Result?
  /// By the parametric bootstrap.
  public let bootstrap: BootstrapTest?

  init(
    statistic: Double, error: StatisticError?, df: Int, mixture: BoundaryMixture?,
    exact: ExactTest.Result?, bootstrap: BootstrapTest?
  ) {
    (self.statistic, self.df, self.mixture) = (statistic, df, mixture)
    statisticError = error?.standardError
    naivePValue =
      df > 0 ? ChiSquared(degreesOfFreedom: Double(df)).cumulative(statistic, tail: .upper) : nil
    mixturePValue = mixture?.tail(statistic)
    (self.exact, self.bootstrap) = (exact, bootstrap)
  }
}
