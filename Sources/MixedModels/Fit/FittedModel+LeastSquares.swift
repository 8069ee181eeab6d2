// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FittedModel {
  /// A model without random effects, ordinary or weighted least squares.
  ///
  /// - Parameter model: without groups.
  convenience init(
    leastSquares model: LinearMixedModel, _ formula: Formula, _ products: CrossProducts,
    _ data: [any TableSource], _ options: FitOptions, record: FitRecord = FitRecord(),
    notes: [String] = [], began: Double? = nil
  ) {
    let optimum = Optimum(leastSquares: model, options.criterion)
    let (p, estimates) = (model.fixedEffectCount, optimum.estimates)
    var fit = Fit(
      formula.text, criterionKind: options.criterion, data: data.map(\.name),
      weights: options.weights, offset: options.offset, observations: model.observations,
      omittedObservations: products.omittedObservations, randomEffectCount: 0,
      criterion: optimum.outcome.value, sigma: estimates.sigma, theta: Theta([], values: []),
      fixedEffects: Fit.fixedEffects(model, estimates),
      vcov: (0..<p).map { i in (0..<p).map { estimates.vcov[i, $0] } }, varianceComponents: [],
      convergence: Convergence(
        "none", converged: true, evaluations: 0, isSingular: false,
        messages: model.columnMessages + notes, trace: []),
      isSigmaKnown: options.knownSigma != nil,
      conditionalModes: options.wantsConditionalModes ? [] : nil,
      scaledResiduals: record.quantiles,
      solver: SolverDescription("least squares", threads: 1), timing: record.timing,
      peakMemory: peakResidentMemory())
    fit.setAbsorbed(model, products)
    self.init(leastSquares: fit, formula, data, options, products, model, optimum, began: began)
  }

  /// The same with the likelihood, or the REML criterion.
  func leastSquares(by kind: CriterionKind) -> FittedModel {
    var options = options
    options.criterion = kind
    return FittedModel(leastSquares: model, formula, products, data, options)
  }
}

extension Optimum {
  /// Of a model without random effects.
  init(leastSquares model: LinearMixedModel, _ kind: CriterionKind) {
    self.init(
      leastSquares: Estimates(leastSquares: model, kind),
      criterion: model.leastSquaresCriterion(kind))
  }
}

extension Estimates {
  /// Those of ordinary or weighted least squares.
  fileprivate init(leastSquares model: LinearMixedModel, _ kind: CriterionKind) {
    let (p, fixed) = (model.fixedEffectCount, model.fixed)
    let s = fixed.responseScale
    let variance =
      model.knownVariance ?? s * s * model.tail[p, p] / model.degreesOfFreedom(kind)
    let total = fixed.leastSquares.map { s * $0 }
    let reported = zip(total, fixed.predictor).map { $0 + $1 }
    let (coefficients, effects) = Self.fixedPart(model, total: total, reported: reported, [])
    var β = fixed.solveR(DenseMatrix(rows: p, columns: 1, storage: reported)).storage
    var working = reported
    if fixed.level != 0 {  // a model with a level has its intercept first
      β[0] += fixed.level
      working[0] += fixed.R[0, 0] * fixed.level
    }
    self.init(
      sigma: variance.squareRoot(), β: β,
      working: WorkingCoefficients(β: working, Φ: .identity(p), variance: variance),
      vcov: variance * fixed.solveR(fixed.solveR(.identity(p)).transposed), λ: [],
      rawCoefficients: coefficients, workingModes: [], fixedLevelEffects: effects, modes: nil)
  }
}
