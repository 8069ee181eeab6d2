// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

extension Fit {
  /// Fits a model to data in one pass over the rows.
  ///
  /// - Throws: `FormulaError`, `DataError` or `FitError`, each saying what to do.
  public init(_ formula: Formula, data: [DataSource], options: FitOptions = FitOptions()) throws {
    var timing = Timing()
    let total = Stopwatch()
    guard ["auto", "cholmod"].contains(options.solver) else {
      throw FitError.unknownSolver(options.solver)
    }
    setBLASThreads(1)  // sums must not depend on the number of threads
    let reading = try ModelReading(formula, data, options)
    let products = try reading.crossProducts()
    timing.read = total.seconds

    var clock = Stopwatch()
    let model = try LinearMixedModel(reading.specification, products, options: options)
    var criterion = try ProfiledCriterion(model, options.criterion, WholeEquations(model))
    timing.assemble = clock.seconds

    clock = Stopwatch()
    let outcome = try Self.search(model, options, &criterion)
    _ = try criterion(outcome.φ)
    timing.optimize = clock.seconds
    timing.evaluation = outcome.medianEvaluationSeconds

    clock = Stopwatch()
    let estimates = try Estimates(
      model, φ: outcome.φ, &criterion, wantsModes: options.wantsConditionalModes)
    timing.inference = clock.seconds
    var quantiles: ResidualQuantiles?
    if options.wantsScaledResiduals, data.allSatisfy(\.canBeReadAgain) {
      let again = try ModelReading(formula, data, options)
      quantiles = try ResidualPass(again, products, model, estimates).scaledQuantiles()
    }
    timing.total = total.seconds
    self.init(
      formula: formula, data: data, options: options, products: products, model: model,
      outcome: outcome, estimates: estimates, solver: criterion.equations.description,
      quantiles: quantiles, timing: timing)
  }

  private static func search(
    _ model: LinearMixedModel, _ options: FitOptions,
    _ criterion: inout ProfiledCriterion<WholeEquations>
  ) throws -> CriterionSearch.Outcome {
    guard let algorithm = MinimizerAlgorithm(name: options.optimizer) else {
      throw FitError.unknownOptimizer(
        options.optimizer, known: MinimizerAlgorithm.allCases.map(\.rawValue))
    }
    let covariance = model.covariance
    var start = covariance.identity
    if let given = options.start {
      guard given.count == start.count else {
        throw FitError.start(given: given.count, needed: model.thetaNames)
      }
      start = covariance.working(given)
    }
    let search = CriterionSearch(
      algorithm: algorithm, maximumEvaluations: options.maximumEvaluations,
      tolerance: options.tolerance ?? 1e-13, lower: covariance.lowerBounds,
      progress: options.progress.map { report in
        { evaluation, φ, value, seconds in
          report(
            .evaluating(
              TracePoint(
                evaluation: evaluation, theta: covariance.theta(φ), criterion: value,
                seconds: seconds)))
        }
      })
    return try search.run(from: start) { try criterion($0) }
  }
}

extension CriterionSearch.Outcome {
  /// Time between evaluations, which is nearly all theirs.
  fileprivate var medianEvaluationSeconds: Double {
    let steps = zip(trace, trace.dropFirst()).map { $1.seconds - $0.seconds }.sorted()
    return steps.isEmpty ? trace.first?.seconds ?? 0 : steps[steps.count / 2]
  }
}
