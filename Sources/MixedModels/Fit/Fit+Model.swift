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
  let formula: Formula
  let data: [DataSource]
  let options: FitOptions
  let products: CrossProducts
  let model: LinearMixedModel
  let optimum: Optimum
  let plan: [String]
  private var timing = Timing()
  private let began = monotonicSeconds()

  /// - Throws: `FormulaError`, `DataError` or `FitError`.
  init(
    _ formula: Formula, data: [DataSource], options: FitOptions,
    products given: CrossProducts? = nil
  ) throws {
    (self.formula, self.data, self.options) = (formula, data, options)
    setBLASThreads(1)  // sums must not depend on the number of threads
    var products = try given ?? CrossProducts(formula, data: data, options: options)
    let read = monotonicSeconds()
    timing.read = read - began

    model = try LinearMixedModel(releasing: &products, options: options)
    self.products = products
    let threads = options.threads == 0 ? availableProcessors() : options.threads
    let plan = try EquationsPlan(model, solver: options.solver, threads: threads)
    self.plan = plan.lines(for: model)
    let flops = plan.chosen.flops
    optimum =
      switch plan.choice {
      case .whole: try Optimum(model, options, flops: flops, WholeEquations(model))
      case .absorbed(let layout):
        try Optimum(
          model, options, flops: flops, AbsorbedEquations(model, layout, threads: threads))
      }
    timing.assemble = optimum.began - read
    timing.evaluation = optimum.outcome.evaluationSeconds
    timing.optimize = optimum.found - optimum.began
    timing.inference = monotonicSeconds() - optimum.found
  }

  /// Fitted values and residuals, from reading the rows again.
  func residualPass() throws -> ResidualPass {
    ResidualPass(try ModelReading(formula, data, options), products, model, optimum.estimates)
  }

  func fit(scaledResiduals: ResidualQuantiles?) -> Fit {
    var timing = timing
    timing.total = monotonicSeconds() - began
    return Fit(
      formula: formula, data: data, options: options, products: products, model: model,
      outcome: optimum.outcome, estimates: optimum.estimates, solver: optimum.solver,
      plan: plan, quantiles: scaledResiduals, timing: timing)
  }
}
