// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

/// Everything about a fit that is not the formula or the data; the defaults are lme4's.
public struct FitOptions: Sendable {
  public var criterion = CriterionKind.reml
  /// Column of prior weights.
  public var weights: String?
  /// Column added to the linear predictor with coefficient 1; adds to offset() terms.
  public var offset: String?
  /// What tells the rows' residual variances apart: a column, or one-sided formula of factors to be
  /// crossed, `~ sex + arm`. Every stratum has a variance of its own; nil: all rows have one.
  public var residualBy: String?
  /// Column whose values are clusters of rows: products are summed for each, so that covariances of the
  /// coefficients can be robust against whatever goes on within a cluster.
  public var clusters: String?
  /// How the covariance of the coefficients is estimated, in results and tests; nil: as a fit that was
  /// saved says, else the model's.
  public var coefficientCovariance: CoefficientCovariance?
  /// How rows become a table: missing values, categorical columns, separators.
  public var reading = ReadingOptions()
  /// Order of a factor's levels, the first is the base.
  public var levels: [String: [String]] = [:]
  public var contrasts: [String: Contrast] = [:]
  /// Of the factors of X and Z that `contrasts` does not name; nil: treatment contrasts, or those that
  /// cross-products were made with.
  public var defaultContrast: Contrast?
  /// Which factors of the fixed part are kept as sparse columns.
  public var sparseFixed = SparseFixedEffects.automatic
  /// Knots that earlier rows decided, by the names of the splines.
  package var splines: [String: SplineKnots] = [:]
  /// Known covariances between the levels of grouping factors, by their names.
  public var relationships: [String: LevelRelationship] = [:]
  /// Two grouping factors of one relationship whose effects at a level have a covariance, such as an animal's own and its
  /// maternal one; none: effects of different factors are independent.
  public var covaryingFactors: [String] = []
  /// The covariance structure of the residuals of a subject, in a model without random effects; nil:
  /// they are independent.
  public var residual: ResidualTerm?
  /// false: a missing value in a used column is an error (`--na fail`).
  public var omitsMissing = true
  /// `newton`, with exact gradients; without, NLopt's names in lme4's spelling: bobyqa, neldermead,
  /// cobyla, sbplx, newuoa_bound, praxis. `auto` takes newton, and bobyqa from where it ends if that is
  /// no optimum.
  public var optimizer = "auto"
  /// θ to start from, in the reported order.
  public var start: [Double]?
  /// The same by the names of θ, from a fit of another model or of older data; parameters that it does not
  /// have start as they would without.
  public var startByName: [String: Double]?
  /// θ where it is known, in the reported order. Then there is no search: coefficients and conditional
  /// modes are BLUE and BLUP, the solution of Henderson's equations at these variances, and tests are
  /// normal.
  public var knownTheta: [Double]?
  /// σ where it is known, with θ or alone; nil: estimated. With prior weights 1/v, a σ of 1 says that
  /// the rows' variances are v: a meta-analysis.
  public var knownSigma: Double?
  /// Other covariance parameters that are known: correlations, and standard deviations, of which one where
  /// σ is estimated. They have no standard errors and are not counted.
  public var held: [HeldParameter] = []
  public var maximumEvaluations = 100_000
  /// Change of the criterion per row at which the search stops; nil for the default.
  public var tolerance: Double?
  public var solver = "auto"
  /// Standard error wanted of a criterion that is estimated (`matrix-free`). nil: as many random vectors are
  /// taken as bring θ and β to within 0.02 of their own standard errors, whatever that leaves of the
  /// criterion's.
  public var accuracy: Double?
  /// Of the random vectors that such a criterion is estimated with: another seed shows what is left to
  /// chance.
  public var probeSeed: UInt64 = 1
  /// 0: all cores.
  public var threads = 0
  /// Of the tests of the coefficients.
  public var degreesOfFreedom = DegreesOfFreedomMethod.satterthwaite
  public var wantsConditionalModes = false
  /// Whether to read the rows a second time for the quantiles of the scaled residuals.
  public var wantsScaledResiduals = false
  /// Of how many used rows at most these are wanted: how many there are is known only when they have been read.
  public var scaledResidualRows = Int.max
  /// Whether a `FittedModel` keeps the cross-products that it was made of, so that it can be saved: as
  /// much memory again as the levels take.
  public var keepsCrossProducts = true
  /// Called now and then from the fitting thread with what is going on; what it throws ends the fit.
  public var progress: (@Sendable (FitProgress) throws -> Void)?

  public init() {}
}

extension FitOptions {
  /// That of a factor, or of one that its effects have a covariance with.
  func relationship(of factor: String) -> LevelRelationship? {
    relationships[factor]
      ?? (covaryingFactors.contains(factor) ? covaryingFactors.lazy.compactMap { relationships[$0] }.first : nil)
  }

  /// Whether a search begins where somebody has said.
  var hasStart: Bool { start != nil || startByName != nil }

  /// For results alone.
  package var discardingCrossProducts: FitOptions {
    var options = self
    options.keepsCrossProducts = false
    return options
  }

  /// Checks all numbers.
  ///
  /// - Throws: `OutOfRange`.
  func check() throws(OutOfRange) {
    if threads != 0 { try ValueRange.threads.check(threads, "threads") }
    try ValueRange.evaluations.check(maximumEvaluations, "maximumEvaluations")
    if let tolerance { try ValueRange.tolerance.check(tolerance, "tolerance") }
    if let accuracy { try ValueRange.accuracy.check(accuracy, "accuracy") }
  }
}

/// One evaluation of the criterion.
public struct TracePoint: Sendable {
  public let evaluation: Int
  public let theta: [Double]
  public let criterion: Double
  /// Since the optimizer started.
  public let seconds: Double
}

/// A sign of life from a long fit.
public enum FitProgress: Sendable {
  /// Bytes and rows so far; `totalBytes` is nil for a stream.
  case reading(bytes: Int, totalBytes: Int?, rows: Int)
  /// With how many evaluations a search by exact gradients usually takes; nil for others.
  case evaluating(TracePoint, usual: Int?)
  /// The rows of the fit once more, for residuals or a figure.
  case residuals(bytes: Int, totalBytes: Int?, rows: Int)
  /// Rows that are predicted.
  case predicting(bytes: Int, totalBytes: Int?, rows: Int)
  /// Responses of one model that are fitted.
  case responses(done: Int, of: Int)
}
