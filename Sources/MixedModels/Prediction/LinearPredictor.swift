// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

/// η̂ = Xβ̂ + Zb̂ + offset of a fit, for rows that need not be those of the fit, with its standard
/// errors.
///
/// What a formula computes from the data, such as `poly(x, 2)` or `scale(x)`, is computed as for the
/// data of the fit.
public struct LinearPredictor: Sendable {
  let fitted: FittedModel
  let products: CrossProducts
  let model: LinearMixedModel
  let options: FitOptions
  let coefficients: WorkingCoefficients
  /// The optimum.
  let φ: [Double]
  /// For every group, level after level, the conditional modes b of the working columns.
  let modes: [[Double]]
  /// The fixed part as coefficients of the raw columns.
  let fixedPart: [Double]

  /// Reads a fit that was saved.
  ///
  /// - Throws: what `Fit(contentsOf:)` throws.
  public init(contentsOf path: String, options: FitOptions = FitOptions()) throws {
    try self.init(FitRun.restored(from: path, options: options))
  }

  /// Fits a model to data.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`.
  public init(_ formula: Formula, data: [DataSource], options: FitOptions = FitOptions()) throws {
    try self.init(FitRun(formula, data: data, options: options))
  }

  /// Fits a formula to rows, to saved cross-products, or to both together.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`, `ModelFileError`.
  package init(_ formula: Formula, from input: ModelInput, options: FitOptions) throws {
    try self.init(
      FitRun(input.names, options) { try input.crossProducts(formula, options: options) })
  }

  init(_ run: FitRun) throws {
    (products, model, options) = (run.products, run.model, run.options)
    fitted = run.fittedModel()
    φ = run.optimum.outcome.φ
    coefficients = run.optimum.estimates.working
    modes = run.optimum.estimates.workingModes
    fixedPart = try Self.fixedPart(run)
  }

  /// The estimates' raw coefficients, unless these say the same as β of the fit's rows only: where
  /// columns of X were dropped, raw columns may be able to take their place.
  private static func fixedPart(_ run: FitRun) throws -> [Double] {
    let (products, fixed, estimates) = (run.products, run.model.fixed, run.optimum.estimates)
    let design = try DesignBuilder(products: products, options: run.options).columns(
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
  /// Column of prior weights; nil for the model's, if it is among the columns.
  public var weights: String?
  /// Column that takes the place of the model's `offset` option.
  public var offset: String?
  /// Separators and threads; missing values are those of the fit.
  public var reading = ReadingOptions()

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
  /// one here. Their predictions are NaN.
  public internal(set) var inestimable: [(row: Int, column: String)] = []
  /// y − fitted; empty unless asked for.
  public internal(set) var residuals: [Double] = []
  /// 1 where the model has none.
  public internal(set) var weights: [Double]
}
