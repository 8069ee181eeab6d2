// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

extension Fit {
  /// Fits a model to data in one pass over the rows (a second one only for the scaled residuals).
  ///
  /// - Throws: `FormulaError`, `DataError` or `FitError`, each saying what to do.
  public init(_ formula: Formula, data: [DataSource], options: FitOptions = FitOptions()) throws {
    let run = try FitRun(formula, data: data, options: options)
    var quantiles: ResidualQuantiles?
    if options.wantsScaledResiduals, data.allSatisfy(\.canBeReadAgain) {
      quantiles = try run.residualPass().scaledQuantiles()
    }
    self = run.fit(scaledResiduals: quantiles)
  }

  /// Fits the model that cross-products were made for; no rows are read.
  ///
  /// - Throws: `FitError`.
  public init(_ products: CrossProducts, options: FitOptions = FitOptions()) throws {
    self = try FitRun(
      products.specification.formula, data: [], options: options, products: products
    ).fit(scaledResiduals: nil)
  }
}

/// From formula and data to estimates, with all that was made on the way.
struct FitRun {
  private let formula: Formula
  private let data: [DataSource]
  private let options: FitOptions
  private let products: CrossProducts
  private let model: LinearMixedModel
  private let outcome: CriterionSearch.Outcome
  private let estimates: Estimates
  private let solver: SolverSummary
  private var timing = Timing()
  private let began = monotonicSeconds()

  /// - Throws: `FormulaError`, `DataError` or `FitError`.
  init(
    _ formula: Formula, data: [DataSource], options: FitOptions, products given: CrossProducts? = nil
  ) throws {
    (self.formula, self.data, self.options) = (formula, data, options)
    guard ["auto", "cholmod"].contains(options.solver) else {
      throw FitError.unknownSolver(options.solver)
    }
    setBLASThreads(1)  // sums must not depend on the number of threads
    products = try given ?? CrossProducts(formula, data: data, options: options)
    let read = monotonicSeconds()
    timing.read = read - began

    model = try LinearMixedModel(products, options: options)
    var criterion = try ProfiledCriterion(model, options.criterion, WholeEquations(model))
    let assembled = monotonicSeconds()
    timing.assemble = assembled - read

    outcome = try Self.search(model, options, &criterion)
    _ = try criterion(outcome.φ)
    timing.evaluation = outcome.medianEvaluationSeconds
    let optimized = monotonicSeconds()
    timing.optimize = optimized - assembled

    estimates = try Estimates(
      model, φ: outcome.φ, &criterion, wantsModes: options.wantsConditionalModes)
    guard !model.explainsExactly(estimates.sigma) else { throw FitError.zeroResidualVariance }
    solver = criterion.equations.description
    timing.inference = monotonicSeconds() - optimized
  }

  /// Fitted values and residuals, from reading the rows again.
  func residualPass() throws -> ResidualPass {
    ResidualPass(try ModelReading(formula, data, options), products, model, estimates)
  }

  func fit(scaledResiduals: ResidualQuantiles?) -> Fit {
    var timing = timing
    timing.total = monotonicSeconds() - began
    return Fit(
      formula: formula, data: data, options: options, products: products, model: model,
      outcome: outcome, estimates: estimates, solver: solver, quantiles: scaledResiduals,
      timing: timing)
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
    var starts = [covariance.identity]
    if let given = options.start {
      guard given.count == covariance.parameterCount else {
        throw FitError.start(given: given.count, needed: model.thetaNames)
      }
      starts = [covariance.working(given)]
    } else if model.isSmall {
      // Criteria can have several minima. Where it costs nothing, lme4's start is tried too: θ = identity.
      starts.append(covariance.working(covariance.identity))
    }
    let search = CriterionSearch(
      algorithm: algorithm, maximumEvaluations: options.maximumEvaluations,
      tolerance: options.tolerance ?? 1e-13, blocks: covariance.blockRanges,
      columns: covariance.columnRanges,
      progress: options.progress.map { report in
        { evaluation, φ, value, seconds in
          report(
            .evaluating(
              TracePoint(
                evaluation: evaluation, theta: covariance.theta(φ), criterion: value,
                seconds: seconds)))
        }
      })
    return try search.run(from: starts, scalingStart: options.start == nil) { try criterion($0) }
  }
}

extension LinearMixedModel {
  /// An evaluation takes well under a millisecond.
  fileprivate var isSmall: Bool {
    groups.reduce(0) { $0 + $1.zz.count + $1.zx.count } + pairs.reduce(0) { $0 + $1.blocks.count } < 10_000
  }
}

extension CriterionSearch.Outcome {
  /// Time between evaluations, which is nearly all theirs.
  fileprivate var medianEvaluationSeconds: Double {
    let steps = zip(trace, trace.dropFirst()).map { $1.seconds - $0.seconds }.sorted()
    return steps.isEmpty ? trace.first?.seconds ?? 0 : steps[steps.count / 2]
  }
}
