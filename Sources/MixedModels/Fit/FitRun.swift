// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// From formula and data to tested estimates, with all that was made on the way.
struct FitRun {
  let formula: Formula
  let data: [DataSource]
  let options: FitOptions
  let products: CrossProducts
  let model: LinearMixedModel
  let optimum: Optimum
  let plan: [String]
  private let saved: SavedOptimum?
  private var timing = Timing()
  private let began = monotonicSeconds()

  /// - Throws: `FormulaError`, `DataError` or `FitError`.
  init(
    _ formula: Formula, data: [DataSource], options: FitOptions,
    products given: CrossProducts? = nil
  ) throws {
    try self.init(data, options) {
      try given ?? CrossProducts(formula, data: data, options: options)
    }
  }

  /// From cross-products that `read` makes, and that `writer` takes before their blocks are given
  /// up; `saved` is where an earlier search ended, and then there is no new one.
  init(
    _ data: [DataSource], _ given: FitOptions, saved: SavedOptimum? = nil,
    writer: ModelFileWriter? = nil, _ read: () throws -> CrossProducts
  ) throws {
    self.data = data
    setBLASThreads(1)  // sums must not depend on the number of threads
    var products = try read()
    formula = products.specification.formula
    options = given.adopting(products.specification)
    try writer?.add(products)
    let read = monotonicSeconds()
    timing.read = read - began

    model = try LinearMixedModel(releasing: &products, options: options)
      .determined(by: options.criterion)
    self.products = products
    let meanWeight = products.sumOfWeights / Double(products.observations)
    let saved = saved?.converted(meanWeight: meanWeight)
    self.saved = saved
    (optimum, plan) = try model.optimum(options, saved: saved)
    timing.assemble = optimum.began - read
    timing.evaluation = optimum.outcome.evaluationSeconds
    timing.optimize = optimum.found - optimum.began
    timing.inference = monotonicSeconds() - optimum.found
  }

  /// Fitted values and residuals, from reading the rows again.
  func residualPass() throws -> ResidualPass {
    ResidualPass(try ModelReading(formula, data, options), products, model, optimum.estimates)
  }

  /// The same for a fit that may have been saved, from rows that are read as its own were.
  ///
  /// - Throws: `DataError`, `FitError`.
  func residualPass(of rows: [DataSource]) throws -> ResidualPass {
    let reading = try ModelReading(products.specification, rows, options)
    return ResidualPass(reading, products, model, optimum.estimates)
  }

  /// The fit, with the quantiles of the residuals if they are wanted and the rows can be read again.
  func report(readingAgain data: [DataSource]) throws -> Fit {
    guard options.wantsScaledResiduals, data.allSatisfy(\.canBeReadAgain) else {
      return try fit(scaledResiduals: nil)
    }
    return try fit(scaledResiduals: residualPass().scaledQuantiles())
  }

  /// - Throws: `InferenceError` where the coefficients cannot be tested as the options ask.
  func fit(scaledResiduals: ResidualQuantiles?) throws -> Fit {
    let beganTests = monotonicSeconds()
    var fit = try fittedModel(scaledResiduals: scaledResiduals).testedFit()
    if saved == nil {
      fit.timing.inference += monotonicSeconds() - beganTests
      fit.timing.total = monotonicSeconds() - began
    }
    return fit
  }

  /// The fit, its coefficients not tested, and what tests start from.
  func fittedModel(scaledResiduals: ResidualQuantiles? = nil) -> FittedModel {
    var fit = Fit(
      formula: formula, data: data, options: options, products: products, model: model,
      outcome: optimum.outcome, estimates: optimum.estimates, solver: optimum.solver,
      plan: plan, quantiles: scaledResiduals ?? saved?.quantiles.map { ResidualQuantiles($0) },
      timing: saved?.timing ?? timing, peakMemory: saved?.peakMemory ?? peakResidentMemory())
    fit.convergence.messages += products.notes
    return FittedModel(
      fit: fit, model: model, φ: optimum.outcome.φ, formula: formula, data: data,
      products: products, options: options, coefficients: optimum.estimates.working,
      curvature: optimum.outcome.curvature)
  }
}
