// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames
import NumericalMethods

extension FittedModel {
  /// Fits a model to data, in one pass over the rows.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`.
  public convenience init(
    _ formula: Formula, data: [any TableSource], options: FitOptions = FitOptions()
  ) throws {
    if let residual = options.residual, !residual.isSerial(beside: formula) {
      try Self.checkRepeated(residual, formula, options)
    }
    try formula.checkStructures()
    try self.init(data, options) { try CrossProducts(formula, data: data, options: options) }
  }

  /// Fits the model that cross-products were made for; no rows are read.
  ///
  /// - Throws: `FitError`.
  public convenience init(_ products: CrossProducts, options: FitOptions = FitOptions()) throws {
    try self.init([], options) { products }
  }

  /// From cross-products that `read` makes, and that `didRead` sees before their blocks are given up.
  ///
  /// - Parameter restored: Finds the optimum of one that was saved, and what was recorded of its
  ///   making, in place of a search.
  convenience init(
    _ data: [any TableSource], _ given: FitOptions,
    restored: ((LinearMixedModel, CrossProducts, FitOptions) throws -> Restored)? = nil,
    didRead: (CrossProducts) throws -> Void = { _ in }, _ read: () throws -> CrossProducts
  ) throws {
    let began = monotonicSeconds()
    setBLASThreads(1)  // sums must not depend on the number of threads
    let whole = try read()
    let options = given.adopting(whole.specification)
    try didRead(whole)
    let isRead = monotonicSeconds()
    guard whole.specification.residual == nil else {
      try self.init(repeated: whole, data, given, began: began, isRead: isRead)
      return
    }
    let (products, model) = try Self.assembled(consume whole, options)
    if model.groups.isEmpty {
      try options.checkWithoutRandomEffects()
      let saved = try restored?(model, products, options).record
      var record = saved ?? FitRecord()
      if saved == nil {
        record.timing.read = isRead - began
        record.timing.assemble = monotonicSeconds() - isRead
      }
      self.init(
        leastSquares: model, products.specification.formula, products, data, options,
        record: record, notes: products.notes, began: saved == nil ? began : nil)
      return
    }
    if let restored = try restored?(model, products, options) {
      self.init(
        products.specification.formula, data, options, products, model, restored.optimum,
        plan: restored.plan, record: restored.record, notes: products.notes)
      return
    }
    let (optimum, plan) = try model.optimum(options)
    var record = FitRecord()
    record.timing.read = isRead - began
    record.timing.assemble = optimum.began - isRead
    record.timing.evaluation = optimum.outcome.evaluationSeconds
    record.timing.optimize = optimum.found - optimum.began
    record.timing.inference = monotonicSeconds() - optimum.found
    self.init(
      products.specification.formula, data, options, products, model, optimum, plan: plan,
      record: record, notes: products.notes, began: began)
  }

  /// The optimum of a fit that was saved.
  struct Restored {
    var optimum: Optimum
    var plan: [String]
    var record: FitRecord
  }

  /// The model, and the products without the blocks that went into it unless they are to be kept.
  private static func assembled(
    _ whole: consuming CrossProducts, _ options: FitOptions
  ) throws -> (products: CrossProducts, model: LinearMixedModel) {
    let kept = options.keepsCrossProducts ? whole : nil
    var products = consume whole
    let model = try LinearMixedModel(releasing: &products, options: options)
    // What is known need not be determined by the data.
    let determined =
      options.knownTheta == nil && !model.groups.isEmpty
      ? try model.determined(by: options.criterion) : model
    if let kind = options.coefficientCovariance, kind != .model {
      // Says now what cannot be had later.
      if kind.isOfRows {
        try HeteroscedasticityRobust.check(determined, kind)
      } else {
        _ = try ClusterLevels(determined, products, options)
      }
    }
    return (kept ?? products, determined)
  }

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
    if let repeated { return try refitted(repeated, by: kind) }
    if isLeastSquares { return leastSquares(by: kind) }
    var options = options
    options.criterion = kind
    (options.start, options.startByName) = (start, nil)
    options.solver = solver
    let isSame = keepingHeld || kind == self.options.criterion
    let model = try isSame ? model : model.determined(by: kind)
    let (optimum, plan) = try model.optimum(options)
    return FittedModel(formula, data, options, products, model, optimum, plan: plan)
  }

  /// Whether random effects were taken out of it for a comparison, whose products are still there.
  var isComparison: Bool { isLeastSquares && products.basis.groups.contains { !$0.isFixed } }

  /// Whether there is nothing but the fixed part.
  package var isLeastSquares: Bool { model.groups.isEmpty && repeated == nil }
}

extension FitOptions {
  /// - Throws: `FitError` for options that are about random effects.
  fileprivate func checkWithoutRandomEffects() throws {
    try check()
    if let θ = knownTheta ?? start, !θ.isEmpty {
      throw FitError.numerical(
        "\(θ.count) values of θ are given, and the model has no random effects")
    }
    if let name = relationships.keys.sorted().first {
      throw FitError.numerical("there is a relationship of \(name), and the model has no random effects")
    }
  }
}
