// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

/// A fit together with the cross-products it was made from: what every test, interval and
/// comparison starts from.
///
/// Rows are not needed.
public struct FittedModel: Sendable {
  public let fit: Fit
  package let model: LinearMixedModel
  /// The optimum, see `RelativeCovariance`.
  package let φ: [Double]
  let formula: Formula
  /// What was read; names only, of models without rows.
  let data: [DataSource]
  /// Counts, levels and the fixed part; the blocks of levels and pairs went into `model`.
  let products: CrossProducts
  let options: FitOptions
  /// β and its covariance in working coordinates, where X is orthonormal.
  let coefficients: WorkingCoefficients

  /// Fits a model to data, in one pass over the rows.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`.
  public init(_ formula: Formula, data: [DataSource], options: FitOptions = FitOptions()) throws {
    try self.init(FitRun(formula, data: data, options: options))
  }

  /// Fits the model that cross-products were made for.
  ///
  /// - Throws: `FitError`.
  public init(_ products: CrossProducts, options: FitOptions = FitOptions()) throws {
    try self.init(
      FitRun(products.specification.formula, data: [], options: options, products: products))
  }

  init(_ run: FitRun) throws {
    fit = run.fit(scaledResiduals: nil)
    (model, φ, formula, data) = (run.model, run.optimum.outcome.φ, run.formula, run.data)
    (products, options) = (run.products, run.options)
    coefficients = try WorkingCoefficients(model, φ: φ, options)
  }

  /// The same cross-products, searched again for another criterion; no rows are read.
  ///
  /// - Throws: `FitError`.
  public func refitted(by kind: CriterionKind) throws -> FittedModel {
    try FittedModel(self, refittedBy: kind)
  }

  private init(_ other: FittedModel, refittedBy kind: CriterionKind) throws {
    var options = other.options
    options.criterion = kind
    options.start = nil
    (model, formula, data, products) = (other.model, other.formula, other.data, other.products)
    self.options = options
    let (optimum, plan) = try model.optimum(options)
    φ = optimum.outcome.φ
    fit = Fit(
      formula: formula, data: data, options: options, products: products, model: model,
      outcome: optimum.outcome, estimates: optimum.estimates, solver: optimum.solver, plan: plan,
      quantiles: nil, timing: Timing())
    coefficients = try WorkingCoefficients(model, φ: φ, options)
  }

  /// Threads to work with.
  var threads: Int { options.threads == 0 ? availableProcessors() : options.threads }
}

extension LinearMixedModel {
  /// The best φ by some strategy, and what was planned.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  func optimum(_ options: FitOptions) throws -> (optimum: Optimum, plan: [String]) {
    let threads = options.threads == 0 ? availableProcessors() : options.threads
    let plan = try EquationsPlan(self, solver: options.solver, threads: threads)
    let flops = plan.chosen.flops
    let optimum =
      switch plan.choice {
      case .whole: try Optimum(self, options, flops: flops, WholeEquations(self))
      case .absorbed(let layout):
        try Optimum(
          self, options, flops: flops, AbsorbedEquations(self, layout, threads: threads))
      }
    return (optimum, plan.lines(for: self))
  }
}

/// β and Cov(β) in working coordinates at one φ.
struct WorkingCoefficients: Sendable {
  /// In units of the response; R⁻¹β are the reported coefficients of the kept columns.
  let β: [Double]
  /// Φ = [K⁻¹]_xx, p × p: Cov(β) / σ².
  let Φ: DenseMatrix
  /// σ².
  let variance: Double

  /// σ²Φ.
  var covariance: DenseMatrix { variance * Φ }

  /// One evaluation of the equations.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  init(_ model: LinearMixedModel, φ: [Double], _ options: FitOptions) throws {
    let threads = options.threads == 0 ? availableProcessors() : options.threads
    switch try EquationsPlan(model, solver: options.solver, threads: threads).choice {
    case .whole: try self.init(model, φ, options.criterion, WholeEquations(model))
    case .absorbed(let layout):
      try self.init(
        model, φ, options.criterion, AbsorbedEquations(model, layout, threads: threads))
    }
  }

  private init<Equations: MixedModelEquations & ~Copyable>(
    _ model: LinearMixedModel, _ φ: [Double], _ kind: CriterionKind,
    _ equations: consuming Equations
  ) throws {
    var criterion = ProfiledCriterion(model, kind, equations)
    _ = try criterion(φ)
    variance = criterion.squaredResidualScale
    Φ = try criterion.equations.fixedEffectsCovariance()
    let (fixed, working) = (model.fixed, try criterion.equations.solution().β)
    var β = working.indices.map {
      fixed.responseScale * (fixed.leastSquares[$0] + working[$0]) + fixed.predictor[$0]
    }
    // The level is a multiple of the intercept, which is the first column.
    if fixed.level != 0 { β[0] += fixed.R[0, 0] * fixed.level }
    self.β = β
  }
}
