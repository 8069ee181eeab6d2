// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

/// Estimated marginal means: the fixed part at a reference grid, averaged over what is not asked for
/// (Searle, Speed & Milliken 1980; Lenth's R package emmeans); or slopes of a number there (`trend`).
///
/// Numbers stand at their means over the rows, also inside of functions and polynomials, and factors
/// are averaged over their levels; a factor that is nested in others (`FactorNesting`) over those that
/// occur in each of theirs. Cells that do not occur make other means inestimable.
public struct MarginalMeans: Sendable {
  public struct Mean: Sendable {
    /// Values of `variables`, then of `groups`.
    public let labels: [String]
    /// nil where the mean cannot be estimated; the test is that it is zero.
    public let test: TTest?
    /// Why it cannot.
    public let reason: String?
  }
  public struct Difference: Sendable {
    public let name: String
    /// Values of `groups`.
    public let labels: [String]
    public let test: TTest?
    public let reason: String?
  }
  public let formula: String
  public let specification: MeansSpecification
  public let method: DegreesOfFreedomMethod
  /// Coverage of the intervals.
  public let level: Double
  public let weights: MeansWeights
  public let scale: MeansScale
  /// The number whose slopes these are; nil for means.
  public let trend: String?
  /// What `differences` are; nil unless asked for.
  public let comparison: MeansComparison?
  public let adjustment: MultiplicityAdjustment
  /// Whether `differences` are ratios: of means of a response whose logarithm was fitted.
  public let hasRatios: Bool
  /// Numbers and chosen levels where means are looked at.
  public let fixedValues: [(name: String, values: [String])]
  /// Factors averaged over.
  public let averaged: [String]
  public let means: [Mean]
  /// Comparisons within every group; nil unless asked for.
  public let differences: [Difference]?
  public let messages: [String]
}

/// The scale that means are given on.
public enum MeansScale: String, Sendable, CaseIterable {
  /// The scale of what was fitted, such as log(y).
  case model
  /// The scale of the column, with standard errors by the delta method; differences of logarithms are
  /// ratios, and those of other functions stay on the scale of the model.
  case response
}

/// What marginal means to compute, and how.
public struct MeansOptions: Sendable {
  public var method = DegreesOfFreedomMethod.satterthwaite
  public var level = 0.95
  public var weights = MeansWeights.equal
  /// Values of variables, for numbers instead of their means.
  public var values: [String: [String]] = [:]
  public var scale = MeansScale.model
  /// A number whose slopes are wanted in place of means.
  public var trend: String?
  public var comparison: MeansComparison?
  public var adjustment = MultiplicityAdjustment.automatic

  public init() {}

  /// Whether all pairwise differences are wanted.
  public var wantsDifferences: Bool {
    get { comparison == .pairwise }
    set { comparison = newValue ? .pairwise : nil }
  }
}

extension MarginalMeans {
  /// Why there is no test where a column was dropped.
  static func reason(dropped column: String) -> String {
    "the column \(column) depends on others, or its cell has no rows, and was dropped"
  }
}
