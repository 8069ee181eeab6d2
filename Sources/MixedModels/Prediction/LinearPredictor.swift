// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

/// η̂ = Xβ̂ + Zb̂ + offset of a fit, for rows that need not be those of the fit, with its standard
/// errors.
///
/// What a formula computes from the data, such as `poly(x, 2)` or `scale(x)`, is computed as for the
/// data of the fit.
public struct LinearPredictor: Sendable {
  package let fitted: FittedModel
  /// The fixed part as coefficients of the raw columns.
  let fixedPart: [Double]

  /// - Throws: `FitError`.
  public init(_ fitted: FittedModel) throws {
    self.fitted = fitted
    fixedPart = try Self.fixedPart(fitted)
  }

  /// Fits a model to data.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`.
  public init(_ formula: Formula, data: [any TableSource], options: FitOptions = FitOptions())
    throws
  {
    try self.init(FittedModel(formula, data: data, options: options.discardingCrossProducts))
  }

  var products: CrossProducts { fitted.products }
  var model: LinearMixedModel { fitted.model }
  var options: FitOptions { fitted.options }
  var coefficients: WorkingCoefficients { fitted.coefficients }
  /// The optimum.
  var φ: [Double] { fitted.φ }
  /// For every group, level after level, the conditional modes b of the working columns.
  var modes: [[Double]] { fitted.optimum.estimates.workingModes }

  /// The estimates' raw coefficients, unless these say the same as β of the fit's rows only: where
  /// columns of X were dropped, raw columns may be able to take their place.
  private static func fixedPart(_ fitted: FittedModel) throws -> [Double] {
    let (products, fixed) = (fitted.products, fitted.model.fixed)
    let estimates = fitted.optimum.estimates
    let design = try DesignBuilder(products: products, options: fitted.options).columns(
      products.specification.fixed, blocks: products.basis.fixed,
      directory: products.fixed.directory)
    var byDesign = [Double](repeating: 0, count: fixed.B.rows)
    var isUsed = byDesign.map { _ in false }
    for (k, column) in fixed.kept.enumerated() {
      for (raw, value) in design.combinations[column] {
        byDesign[raw - 1] += value * estimates.β[k]
        isUsed[raw - 1] = true
      }
    }
    let isSame =
      fixed.kept.count == fixed.names.count
      && byDesign.indices.allSatisfy { isUsed[$0] || estimates.rawCoefficients[$0] == 0 }
    return isSame ? estimates.rawCoefficients : byDesign
  }

  public var fit: Fit { fitted.fit }

  /// What the user should know of how the rows of the fit were read.
  package var readingNotes: [String] { products.notes }

  var builder: DesignBuilder { DesignBuilder(products: products, options: options) }

  /// σ², in units of the response.
  var variance: Double { coefficients.variance }
}

/// What is predicted, and how new rows are read.
public struct PredictionOptions: Sendable {
  public var random = RandomPart.all
  /// Whether a level of a grouping factor may be one that the fit has not seen; its random effects
  /// are then zero, with their whole variance.
  public var allowsNewLevels = false
  public var wantsStandardErrors = false
  /// Where the degrees of freedom of every row's xᵀβ come from.
  ///
  /// Only where no random effects take part; variances are then the method's, too.
  public var degreesOfFreedom = DegreesOfFreedomMethod.none
  /// The response and prior weights are read, and residuals computed.
  public var wantsResiduals = false
  /// The rows' residual strata are read, where the model has any.
  var wantsRowVariances = false
  /// What the rows' residuals are correlated by is read, where they are.
  var wantsCorrelations = false
  /// Column of prior weights; nil for the model's, if it is among the columns.
  public var weights: String?
  /// Column that takes the place of the model's `offset` option.
  public var offset: String?
  /// Separators and threads; missing values are those of the fit.
  public var reading = ReadingOptions()
  /// Called now and then by the thread that reads; what it throws ends the pass.
  public var progress: (@Sendable (FitProgress) throws -> Void)?

  public init() {}
}

/// Predictions for consecutive rows; NaN where something is missing.
public struct PredictedRows: Sendable {
  /// Xβ̂ + Zb̂ + offset with the random effects that were chosen.
  public internal(set) var fitted: [Double]
  /// Xβ̂ + offset
  public internal(set) var fixed: [Double]
  /// Var(η̂ − η) / σ², for η of the same random effects; empty unless asked for.
  public internal(set) var relativeVariance: [Double] = []
  /// Of xᵀβ̂, NaN where they are not known; empty without a method for them.
  public internal(set) var degreesOfFreedom: [Double] = []
  /// Rows, counted from the first of these, whose fixed part the fit's data do not determine, each with
  /// a column of X because of which: one that was dropped as a combination of others and is another
  /// one here, or a mean by groups, of a group that the fit has not seen. Their predictions are NaN.
  public internal(set) var inestimable: [(row: Int, column: String)] = []
  /// y − fitted; empty unless asked for.
  public internal(set) var residuals: [Double] = []
  /// Of residuals that are correlated within subjects; empty unless asked for.
  var normalized: [Double] = []
  /// 1 where the model has none.
  public internal(set) var weights: [Double]
}
