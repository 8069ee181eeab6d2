// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// A fit together with the cross-products it was made from: what every test, interval and
/// comparison starts from.
///
/// Rows are not needed.
public struct FittedModel: Sendable {
  public internal(set) var fit: Fit
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
  /// The criterion at the optimum; nil where its Hessian could not be computed.
  let curvature: CriterionCurvature?

  /// The same cross-products, searched again for another criterion, from `start` (values of θ) if
  /// that is given; no rows are read.
  ///
  /// - Throws: `FitError`.
  public func refitted(by kind: CriterionKind, start: [Double]? = nil) throws -> FittedModel {
    try refitted(by: kind, start: start, solver: options.solver)
  }

  /// The same by another solver.
  ///
  /// With `keepingHeld` effects that this fit holds at zero stay there: error contrasts do not tell
  /// of them, though the likelihood has an opinion.
  func refitted(
    by kind: CriterionKind, start: [Double]?, solver: String, keepingHeld: Bool = false
  ) throws -> FittedModel {
    if isLeastSquares { return leastSquares(by: kind) }
    var options = options
    options.criterion = kind
    options.start = start
    options.solver = solver
    let isSame = keepingHeld || kind == self.options.criterion
    let model = try isSame ? model : model.determined(by: kind)
    let (optimum, plan) = try model.optimum(options)
    let fit = Fit(
      formula: formula, data: data, options: options, products: products, model: model,
      outcome: optimum.outcome, estimates: optimum.estimates, solver: optimum.solver, plan: plan,
      quantiles: nil, timing: Timing(), peakMemory: peakResidentMemory())
    return FittedModel(
      fit: fit, model: model, φ: optimum.outcome.φ, formula: formula, data: data,
      products: products, options: options, coefficients: optimum.estimates.working,
      curvature: optimum.outcome.curvature)
  }

  /// The fit with tests of its coefficients by the method of its options.
  ///
  /// - Throws: `InferenceError` where the method does not fit the model.
  func testedFit() throws -> Fit {
    var tested = fit
    let method = options.degreesOfFreedom
    if method == .satterthwaite, curvature == nil { return fit }
    let tests = try coefficientTests(method)
    for (column, test) in zip(model.fixed.kept, tests) {
      tested.fixedEffects[column].standardError = test.standardError
      tested.fixedEffects[column].degreesOfFreedom = test.df
      tested.fixedEffects[column].pValue = test.pValue
      tested.fixedEffects[column].confidenceInterval = test.confidenceInterval
    }
    tested.degreesOfFreedomMethod = method
    tested.convergence.messages += probeNotes(tests.map { ($0.df, $0.dfError) })
    return tested
  }

  /// Threads to work with.
  var threads: Int { threadCount(options.threads) }
}
