// SPDX-License-Identifier: GPL-2.0-or-later

/// Profile likelihood of the parameters of a model: how far the maximum of the likelihood falls
/// where one of them is held, and what intervals follow.
///
/// It is the maximum likelihood that is profiled, also of a model fitted by REML (as lme4 does):
/// REML criteria of different coefficients cannot be compared.
public struct Profile: Sendable {
  public let formula: String
  /// Whether the model was fitted by maximum likelihood for this, after a fit by REML.
  public let isRefitted: Bool
  public let level: Double
  /// −2 log-likelihood at its maximum.
  public let deviance: Double
  /// One for each of the parameters that were wanted.
  public let curves: [Curve]
  /// What was done and what went wrong, beside the parameters' own messages.
  public let messages: [String]

  public var intervals: [ConfidenceInterval] { curves.map(\.interval) }

  /// The profile of one parameter.
  public struct Curve: Sendable {
    /// Estimate and limits.
    public let interval: ConfidenceInterval
    /// By value; the estimate is among them unless the curve could not be computed.
    public let points: [Point]

    public var parameter: ModelParameter { interval.parameter }
  }

  /// The best fit with a parameter held.
  public struct Point: Sendable, Equatable {
    public let value: Double
    /// sign(value − estimate) √(deviance − least deviance): standard normal where the likelihood is
    /// well-behaved, and a straight line against the value where Wald's interval is right.
    public let zeta: Double
    /// −2 log-likelihood.
    public let deviance: Double
  }
}

/// What to profile, and how far.
public struct ProfileOptions {
  /// Coverage of the intervals.
  public var level = 0.95
  /// Names, or `theta` and `beta`; none stands for all.
  public var parameters: [String] = []
  /// More points on either side of the estimate, for drawing.
  ///
  /// They are evenly spaced in ζ, to a quarter beyond the limits. Without them a curve has what the
  /// search for the limits has seen.
  public var pointsPerSide = 0
  /// Called with the number of parameters done, of how many.
  public var progress: (@Sendable (_ done: Int, _ all: Int) throws -> Void)?

  public init() {}
}
