// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
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
  /// is 0, or where the statistic's error leaves open on which side of 0.05 it is.
  public let naivePValue: Double?
  public let mixture: BoundaryMixture?
  /// From the mixture; nil where the statistic's error leaves it open as well.
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
    func decided(_ pValue: (Double) -> Double) -> Double? {
      guard error?.decides(statistic, pValue) ?? true else { return nil }
      return pValue(statistic)
    }
    let chiSquared = ChiSquared(degreesOfFreedom: Double(max(df, 1)))
    naivePValue = df > 0 ? decided { chiSquared.cumulative($0, tail: .upper) } : nil
    mixturePValue = mixture.flatMap { mixture in decided { mixture.tail($0) } }
    (self.exact, self.bootstrap) = (exact, bootstrap)
  }
}

extension Fit {
  /// - Throws: as the other.
  func requireCriterion(of model: String) throws(InferenceError) {
    try Self.requireCriterion(criterion, of: model)
  }

  /// - Throws: `InferenceError` for a criterion of least squares that was not computed.
  static func requireCriterion(_ value: Double, of model: String) throws(InferenceError) {
    guard value.isNaN else { return }
    throw .refused(
      "the REML criterion of \(model) was not computed, since the determinant of its many absorbed levels takes long: there is nothing to compare. Fit with \(Setting.solver("absorb")), which computes it whatever it takes, or by maximum likelihood, which has no such determinant."
    )
  }
}
