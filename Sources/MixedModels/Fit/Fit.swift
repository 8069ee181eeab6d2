// SPDX-License-Identifier: GPL-2.0-or-later

import Glibc
import NumericalMethods

/// A fitted linear mixed model: estimates, their precision, and how they were found.
///
/// Immutable and free of rows: everything here was computed from the cross-products.
public struct Fit: Sendable {
  /// The formula as the user wrote it.
  public let formula: String
  public let criterionKind: CriterionKind
  /// What was read: file names, `-` for standard input.
  public let data: [String]
  public let weights: String?
  public let offset: String?

  /// n, the rows used.
  public let observations: Int
  /// Rows left out because a used column was missing.
  public let omittedObservations: Int
  /// q, the length of b over all terms.
  public let randomEffectCount: Int

  /// The REML criterion, or −2 log-likelihood for ML, at `theta`.
  public let criterion: Double
  /// σ, the residual standard deviation; NaN where `residual` has several.
  public let sigma: Double
  /// Asymptotic standard error of σ, from the Hessian; nil where that is not known.
  public let sigmaStandardError: Double?
  /// Residual standard deviations by stratum, of which the first is `sigma`; nil where all rows have one.
  public internal(set) var residualStrata: ResidualStrata?
  /// The correlation of a subject's residuals in time, beside random effects; nil where they are independent.
  public internal(set) var autocorrelation: ResidualAutocorrelation?
  /// θ in lme4's order and names.
  public let theta: Theta
  /// Covariance parameters without σ that the data determine: the length of θ unless
  /// `convergence.notDetermined` has some.
  let determinedCount: Int
  /// Whether σ was given, or follows from what was.
  let isSigmaKnown: Bool
  /// Covariance parameters that were given, beside θ and σ.
  public let known: [HeldParameter]
  /// All columns of X in order; the aliased ones without values.
  public internal(set) var fixedEffects: [FixedEffect]
  /// How the coefficients were tested; nil if they were not.
  public internal(set) var degreesOfFreedomMethod: DegreesOfFreedomMethod?
  /// Factors with a fixed effect for every level that are not among `fixedEffects`.
  public internal(set) var absorbed: [AbsorbedLevels] = []
  /// Factors among `fixedEffects` that are kept as sparse columns.
  public internal(set) var sparse: [AbsorbedLevels] = []
  /// Estimated coefficients that `vcov` leaves out: those of sparse columns.
  var coefficientsWithoutCovariance = 0
  /// Of a fit without random effects beside absorbed factors; nil for others.
  public internal(set) var variationExplained: VariationExplained?
  /// Cov(β) of the kept columns, p × p; where factors are kept as sparse columns, of the others.
  public internal(set) var vcov: [[Double]]
  /// The columns of `vcov`, where these are not all that were kept.
  var covarianceNames: [String]?
  /// How `vcov` and the tests are robust; nil where they are the model's.
  public internal(set) var robustCovariance: RobustDescription?
  /// One entry per random-effects term, in lme4's order.
  public let varianceComponents: [VarianceComponent]
  /// Covariances between the residuals of a subject; nil where residuals are independent.
  public internal(set) var residual: ResidualCovariance?
  public internal(set) var convergence: Convergence
  /// One entry per random-effects term, in lme4's order; nil unless asked for.
  public package(set) var conditionalModes: [ConditionalModes]?
  /// Quantiles of the scaled residuals √w (y − fitted) / σ; nil where the rows were not read again.
  public package(set) var scaledResiduals: ResidualQuantiles?
  public let solver: SolverDescription
  public internal(set) var timing: Timing
  /// Bytes, the largest resident set of the process so far.
  public let peakMemory: Int

  /// p, the columns of X that were kept.
  public var fixedEffectCount: Int { vcov.count + coefficientsWithoutCovariance }
  /// Names of the columns of `vcov`.
  public var vcovNames: [String] {
    covarianceNames ?? fixedEffects.filter { $0.estimate != nil }.map(\.name)
  }
  /// p + length of θ + 1, less what the data do not determine of the covariance parameters, and what is
  /// known of them. With covariances between residuals, as mmrm and SAS count, those of the covariance
  /// matrices, and p for ML alone.
  public var parameterCount: Int {
    if let residual {
      return residual.parameterCount + (criterionKind == .ml ? fixedEffectCount : 0)
    }
    return fixedRank + determinedCount + (isSigmaKnown ? 0 : 1)
  }
  /// p and the levels of absorbed factors, without redundant ones.
  public var fixedRank: Int { absorbed.reduce(fixedEffectCount) { $0 + $1.estimatedCount } }
  /// n − parameters, as lme4's `df.residual`; without random effects σ is none of them, as in R's `lm`.
  public var residualDegreesOfFreedom: Int {
    if let residual { return observations - residual.parameterCount - fixedEffectCount }
    return observations - (variationExplained == nil ? parameterCount : fixedRank)
  }
  public var logLikelihood: Double { -criterion / 2 }
  public var aic: Double { criterion + 2 * Double(parameterCount) }
  /// By the number of rows; with covariances between residuals by that of subjects.
  public var bic: Double {
    criterion + log(Double(residual?.subjects ?? observations)) * Double(parameterCount)
  }
  /// Covariance matrices: of random effects, and of residuals that are correlated.
  package var covarianceComponents: [VarianceComponent] {
    varianceComponents + (residual?.components ?? [])
  }
  public var droppedColumns: [String] { fixedEffects.filter { $0.estimate == nil }.map(\.name) }
}

/// θ: the lower triangle of each term's relative covariance factor λ, column by column.
public struct Theta: Sendable, Equatable {
  public let names: [String]
  public let values: [Double]
}

public struct FixedEffect: Sendable {
  /// R's coefficient name.
  public let name: String
  /// nil for a column that was dropped because it depends on earlier ones.
  public let estimate: Double?
  /// Adjusted where the test is Kenward and Roger's.
  public var standardError: Double?
  /// Of the t test; infinite for the normal approximation, nil without a test.
  public var degreesOfFreedom: Double?
  /// Of the two-sided test that the coefficient is zero.
  public var pValue: Double?
  /// Covers 95 %; by the normal distribution where there was no test.
  public var confidenceInterval: (low: Double, high: Double)?
  public var statistic: Double? {
    guard let estimate, let standardError else { return nil }
    return estimate / standardError
  }
}

/// Minimum, lower quartile, median, upper quartile and maximum (R's type 7).
public struct ResidualQuantiles: Sendable, Equatable {
  public let values: [Double]
}

/// Wall-clock seconds.
public struct Timing: Sendable {
  public var read = 0.0
  public var assemble = 0.0
  public var optimize = 0.0
  public var inference = 0.0
  public var total = 0.0
  /// Median seconds of one evaluation of the criterion.
  public var evaluation = 0.0
  public init() {}
}

/// What is known of a fit's making beside its results.
struct FitRecord {
  /// Of the scaled residuals, where rows were read again.
  var quantiles: ResidualQuantiles?
  var timing = Timing()
  /// Bytes.
  var peakMemory = peakResidentMemory()
}
