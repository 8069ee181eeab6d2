// SPDX-License-Identifier: GPL-2.0-or-later

/// A number from a simulation with its Monte-Carlo standard error.
public struct MonteCarloFigure: Sendable, Equatable {
  public let value: Double
  public let error: Double

  init(_ value: Double, error: Double) { (self.value, self.error) = (value, error) }

  /// nil of fewer than two values.
  package init?(meanOf values: [Double]) {
    guard let moments = CentralMoments(values) else { return nil }
    self.init(moments.mean, error: (moments.variance / Double(values.count)).squareRoot())
  }

  /// How often something was so; nil of nothing.
  init?(share flags: [Bool]) {
    guard !flags.isEmpty else { return nil }
    let (n, p) = (Double(flags.count), Double(flags.count(where: \.self)) / Double(flags.count))
    self.init(p, error: (p * (1 - p) / n).squareRoot())
  }
}

/// What replicates say of the estimator of one parameter.
public struct StudySummary: Sendable {
  /// Replicates in which the parameter was estimated.
  public let count: Int
  public let mean: MonteCarloFigure?
  /// Mean less truth.
  public let bias: MonteCarloFigure?
  /// What theory expects of the bias, to first order in the number of levels; nil where this says
  /// nothing.
  public let expectedBias: Double?
  /// Standard deviation of the estimates.
  public let deviation: MonteCarloFigure?
  /// √mean (estimate − truth)².
  public let rootMeanSquare: MonteCarloFigure?
  /// Mean of the standard errors that the fits report.
  public let meanStandardError: Double?
  /// Of the replicates with an interval, those in which it holds the truth.
  public let coverage: MonteCarloFigure?
  /// Replicates with an interval.
  public let intervalCount: Int
  /// The same of profile intervals; nil where there are none.
  public let profileCoverage: MonteCarloFigure?
  /// Replicates with a profile interval, and those where none was found.
  public let profileCount: Int
  public let profileFailures: Int
  /// Of the replicates with a test that the coefficient is zero, those that reject it.
  public let rejection: MonteCarloFigure?

  init(
    _ estimates: [StudyEstimate], truth: Double, level: Double, hasCoverage: Bool,
    expectedBias: Double?
  ) {
    let known = estimates.filter { $0.estimate.isFinite }
    let values = known.map(\.estimate)
    count = values.count
    deviation = CentralMoments(values)?.deviation
    let mean = MonteCarloFigure(meanOf: values)
    self.mean = mean
    let hasTruth = truth.isFinite
    bias = hasTruth ? mean.map { MonteCarloFigure($0.value - truth, error: $0.error) } : nil
    self.expectedBias = hasTruth ? expectedBias : nil
    let squares = values.map { ($0 - truth) * ($0 - truth) }
    rootMeanSquare =
      hasTruth
      ? MonteCarloFigure(meanOf: squares).map { square in
        let root = square.value.squareRoot()
        return MonteCarloFigure(root, error: root > 0 ? square.error / (2 * root) : 0)
      } : nil
    let errors = known.map(\.standardError).filter(\.isFinite)
    meanStandardError = errors.isEmpty ? nil : errors.reduce(0, +) / Double(errors.count)
    let intervals = known.filter { $0.low.isFinite && $0.high.isFinite }
    intervalCount = intervals.count
    coverage =
      hasTruth && hasCoverage
      ? MonteCarloFigure(share: intervals.map { $0.low <= truth && truth <= $0.high }) : nil
    let profiles = known.filter { !$0.profileLow.isNaN && !$0.profileHigh.isNaN }
    profileCount = profiles.count
    profileFailures = known.count(where: \.profileFailed)
    profileCoverage =
      hasTruth
      ? MonteCarloFigure(
        share: profiles.map { $0.profileLow <= truth && truth <= $0.profileHigh }) : nil
    rejection = MonteCarloFigure(
      share: known.filter { $0.pValue.isFinite }.map { $0.pValue < 1 - level })
  }
}

/// Mean, variance and fourth moment about the mean.
private struct CentralMoments {
  let mean: Double
  let variance: Double
  private let fourth: Double
  private let n: Double

  /// nil of fewer than two values.
  init?(_ values: [Double]) {
    guard values.count > 1 else { return nil }
    n = Double(values.count)
    let mean = values.reduce(0, +) / n
    self.mean = mean
    variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
    fourth =
      values.reduce(0) {
        let square = ($1 - mean) * ($1 - mean)
        return $0 + square * square
      } / n
  }

  /// With its standard error by the delta method, from that of the variance.
  var deviation: MonteCarloFigure {
    let root = variance.squareRoot()
    guard root > 0 else { return MonteCarloFigure(0, error: 0) }
    let spread = max(fourth - variance * variance * (n - 3) / (n - 1), 0) / n
    return MonteCarloFigure(root, error: spread.squareRoot() / (2 * root))
  }
}
