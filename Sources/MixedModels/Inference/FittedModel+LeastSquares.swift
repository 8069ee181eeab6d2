// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames
import NumericalMethods

extension FittedModel {
  /// A model without random effects, ordinary or weighted least squares, to compare a mixed one with:
  /// the rows are those that the mixed model can use.
  ///
  /// `formula` has no random terms; those of `other` say which columns must not be missing.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`, `ModelFileError`.
  package init(
    withoutRandomEffects formula: Formula, likeRowsOf other: FittedModel, from input: ModelInput,
    options: FitOptions
  ) throws {
    let text = Array(other.formula.text)
    let ranges = Set(other.formula.randomTerms.map(\.range))
    let random = ranges.sorted { $0.lowerBound < $1.lowerBound }.map { String(text[$0]) }
    let mixed = try Formula("\(formula.text) + \(random.joined(separator: " + "))")
    var products = try input.crossProducts(mixed, options: options)
    let options = options.adopting(products.specification)
    let model = try LinearMixedModel(releasing: &products, options: options)
    self.init(
      leastSquares: model.reduced(keeping: model.terms.map { _ in [] }), formula,
      products.withoutRandomTerms(formula), input.names, options)
  }

  /// - Parameter model: without groups.
  init(
    leastSquares model: LinearMixedModel, _ formula: Formula, _ products: CrossProducts,
    _ data: [DataSource], _ options: FitOptions
  ) {
    let (p, fixed) = (model.fixedEffectCount, model.fixed)
    let s = fixed.responseScale
    let variance = s * s * model.tail[p, p] / model.degreesOfFreedom(options.criterion)
    let vcov = variance * fixed.solveR(fixed.solveR(.identity(p)).transposed)
    let criterion = model.leastSquaresCriterion(options.criterion)
    let working = WorkingCoefficients(
      β: (0..<p).map { s * fixed.leastSquares[$0] + fixed.predictor[$0] }, Φ: .identity(p),
      variance: variance)
    let fit = Fit(
      formula.text, criterionKind: options.criterion, data: data.map(\.name),
      weights: options.weights, offset: options.offset, observations: model.observations,
      omittedObservations: products.omittedObservations, randomEffectCount: 0,
      criterion: criterion, sigma: variance.squareRoot(), theta: Theta([], values: []),
      fixedEffects: fixed.kept.map { FixedEffect(fixed.names[$0]) },
      vcov: (0..<p).map { i in (0..<p).map { vcov[i, $0] } }, varianceComponents: [],
      convergence: Convergence(
        "none", converged: true, evaluations: 0, isSingular: false, messages: [], trace: []),
      solver: SolverDescription("least squares", threads: 1), timing: Timing(),
      peakMemory: peakResidentMemory())
    self.init(
      fit: fit, model: model, φ: [], formula: formula, data: data, products: products,
      options: options, coefficients: working, curvature: nil)
  }

  /// Whether there is nothing but the fixed part.
  var isLeastSquares: Bool { model.groups.isEmpty }

  /// The same with the likelihood, or the REML criterion.
  func leastSquares(by kind: CriterionKind) -> FittedModel {
    var options = options
    options.criterion = kind
    return FittedModel(leastSquares: model, formula, products, data, options)
  }
}

extension CrossProducts {
  /// What a comparison asks of the products of a model without random effects.
  fileprivate func withoutRandomTerms(_ formula: Formula) -> CrossProducts {
    var products = self
    products.specification = specification.withoutRandomTerms(formula)
    return products
  }
}

extension ModelSpecification {
  fileprivate func withoutRandomTerms(_ formula: Formula) -> ModelSpecification {
    ModelSpecification(
      formula: formula, fixed: fixed, randomTerms: [], basis: basis, columns: columns,
      columnKinds: columnKinds, options: options, origin: origin)
  }
}
