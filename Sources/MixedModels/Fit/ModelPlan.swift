// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
public import ModelFrames
import NumericalMethods

/// The size of a model on its data and what fitting it would cost, without fitting it.
public struct ModelPlan: Sendable {
  public struct Group: Sendable {
    public let name: String
    public let levelCount: Int
    /// Random effects per level.
    public let columnCount: Int
  }

  /// Whose residuals have covariances between visits.
  public struct Subjects: Sendable {
    public let name: String
    public let count: Int
    public let visits: Int
    /// Sets of visits that some subject was seen at, in every arm.
    public let patterns: Int
    /// Of the residuals' covariance matrices.
    public let parameters: Int
  }

  /// One way to solve the equations.
  public struct Strategy: Sendable {
    /// `absorbed`, `cholmod` or `matrix-free`; `patterns` of subjects' visits.
    public let name: String
    /// The grouping factor whose levels are eliminated one by one.
    public let leadingTerm: String?
    public let coreSize: Int
    public let coreDensity: Double
    public let factorNonzeros: Int
    /// Multiplications and additions of one evaluation.
    public let operations: Double
    public let bytes: Int
    /// Predicted seconds of one evaluation of the criterion, and of its derivatives after it.
    public let seconds: Double
    public let derivativeSeconds: Double
    /// Whether it cannot cost less, but may well cost more: what is out of the question is not
    /// looked at any closer.
    public let isBound: Bool
  }

  public let formula: String
  public let observations: Int
  public let omittedObservations: Int
  public let fixedEffectCount: Int
  public let randomEffectCount: Int
  public let thetaNames: [String]
  public let groups: [Group]
  public let absorbed: [AbsorbedLevels]
  /// Levels of two grouping factors that occur together.
  public let pairCount: Int
  /// The least expensive first.
  public let strategies: [Strategy]
  /// Index into `strategies`; nil if none fits in memory.
  public let chosen: Int?
  /// What a search by exact gradients is likely to take, and the derivatives at its end that tests rest on;
  /// nil for other searches, and where none is needed.
  public let search: Search?

  public struct Search: Sendable {
    public let evaluations: Int
    public let gradients: Int
    /// Of the chosen strategy; nil if there is none, or if its cost is a bound.
    public let seconds: Double?
  }

  /// Bytes of memory that this process can still take; 0 if unknown.
  public let memory: Int
  /// Why the cheapest strategy that fits is not the one chosen.
  public let messages: [String]
  /// nil where residuals are independent, or correlated beside random effects.
  public let subjects: Subjects?

  /// Reads the rows, once.
  ///
  /// - Throws: `FormulaError`, `DataError` or `FitError`.
  public init(_ formula: Formula, data: [any TableSource], options: FitOptions = FitOptions())
    throws
  {
    try self.init(CrossProducts(formula, data: data, options: options), options: options)
  }

  /// The same for cross-products that are there.
  ///
  /// - Throws: `FitError`.
  public init(_ products: consuming CrossProducts, options: FitOptions = FitOptions()) throws {
    let formula = products.specification.formula
    var products = products
    let options = options.adopting(products.specification)
    let model = try LinearMixedModel(releasing: &products, options: options)
    let threads = threadCount(options.threads)
    subjects = nil
    memory = availableMemory()
    var cost = SearchCost.usual
    if model.groups.isEmpty {
      (strategies, chosen, messages) = ([.leastSquares], 0, [])
    } else {
      let (plan, messages) = try Self.triedPlan(model, options, threads: threads, memory: memory)
      self.messages = messages
      strategies = plan.estimates.map { Strategy($0, model) }
      chosen = plan.chosenIndex
      if chosen != nil { cost = SearchCost(plan.chosen, parameters: model.covariance.parameterCount) }
    }
    absorbed = model.fixedLevels?.reported == nil ? model.absorbedLevels : []
    var choice: Strategy?
    if let index = chosen { choice = strategies[index] }
    search = Search(
      parameters: model.covariance.parameterCount, options, choice, cost)
    self.formula = formula.text
    observations = model.observations
    omittedObservations = products.omittedObservations
    fixedEffectCount =
      model.fixedLevels?.reported == nil ? model.fixedEffectCount : model.fixedRank
    randomEffectCount = model.randomEffectCount
    thetaNames = model.thetaNames
    groups = model.groups.indices.filter { model.groups[$0].source == nil }.map { g in
      Group(
        name: model.factorName(g), levelCount: model.groups[g].levelCount,
        columnCount: model.groups[g].size)
    }
    pairCount = model.pairs.reduce(0) { $0 + $1.rowLevels.count }
  }

  init(
    formula: String, observations: Int, omittedObservations: Int, fixedEffectCount: Int,
    randomEffectCount: Int, thetaNames: [String], groups: [Group], absorbed: [AbsorbedLevels],
    pairCount: Int, strategies: [Strategy], chosen: Int?, search: Search?, memory: Int,
    messages: [String], subjects: Subjects?
  ) {
    (self.formula, self.observations) = (formula, observations)
    (self.omittedObservations, self.fixedEffectCount) = (omittedObservations, fixedEffectCount)
    (self.randomEffectCount, self.thetaNames, self.groups) = (randomEffectCount, thetaNames, groups)
    (self.absorbed, self.pairCount, self.strategies) = (absorbed, pairCount, strategies)
    (self.chosen, self.search, self.memory) = (chosen, search, memory)
    (self.messages, self.subjects) = (messages, subjects)
  }

  /// The plan, and why it is not the first one: a fit by `auto` tries matrix-free equations, and
  /// goes another way where they do not suit the model.
  private static func triedPlan(
    _ model: LinearMixedModel, _ options: FitOptions, threads: Int, memory: Int
  ) throws -> (plan: EquationsPlan, messages: [String]) {
    func plan(_ solver: String) throws -> EquationsPlan {
      try EquationsPlan(
        model, solver: solver, accuracy: options.accuracy, threads: threads, memory: memory,
        compares: true, refuses: false)
    }
    let first = try plan(options.solver)
    guard options.solver == "auto",
      let misfit = try first.misfit(model, threads: threads)
    else { return (first, []) }
    let tried = "matrix-free was tried and will not be used: \(misfit)"
    let exact = try plan("exact")
    guard exact.chosenIndex != nil else {
      return (
        first,
        ["matrix-free takes much longer than predicted, but no exact strategy fits: \(misfit)"]
      )
    }
    return (exact, [tried])
  }
}

extension ModelPlan.Strategy {
  fileprivate init(_ estimate: StrategyEstimate, _ model: LinearMixedModel) {
    self.init(
      name: estimate.strategy.rawValue, leadingTerm: estimate.leading.map(model.factorName),
      coreSize: estimate.coreSize, coreDensity: estimate.coreDensity,
      factorNonzeros: estimate.factorNonzeros, operations: estimate.flops, bytes: estimate.bytes,
      seconds: estimate.seconds, derivativeSeconds: estimate.derivativeSeconds, isBound: estimate.isBound)
  }

  /// Without random effects nothing is searched for.
  fileprivate static let leastSquares = ModelPlan.Strategy(
    name: "least squares", leadingTerm: nil, coreSize: 0, coreDensity: 0, factorNonzeros: 0,
    operations: 0, bytes: 0, seconds: 0, derivativeSeconds: 0, isBound: false)
}

extension ModelPlan.Search {
  /// Evaluations of a search by exact gradients, counted for terms of one to five columns that are not
  /// singular: 5 for one parameter, 15 for six, 19 for fifteen.
  static func usualEvaluations(parameters: Int, hasStart: Bool) -> Int {
    hasStart ? 3 : Int((4 + 2.2 * pow(Double(parameters), 0.75)).rounded())
  }

  /// Where every evaluation counts a search ends sooner.
  private static let expensiveEvaluations = 6

  /// As many gradients as evaluations, and for every parameter at the end two with an evaluation each, or one where
  /// these are expensive; the last evaluation is that of the optimum.
  init?(
    parameters: Int, _ options: FitOptions, _ strategy: ModelPlan.Strategy?, _ cost: SearchCost
  ) {
    guard parameters > 0, options.knownTheta == nil,
      ["auto", "newton"].contains(options.optimizer)
    else { return nil }
    let usual = Self.usualEvaluations(parameters: parameters, hasStart: options.hasStart)
    let ofHessian = cost == .usual ? 2 * parameters : parameters
    evaluations = cost == .expensive ? min(usual, Self.expensiveEvaluations) : usual
    gradients = evaluations + ofHessian
    let counts = (all: Double(evaluations + ofHessian + 1), gradients: Double(gradients))
    seconds = strategy.flatMap {
      $0.isBound ? nil : counts.all * $0.seconds + counts.gradients * $0.derivativeSeconds
    }
  }
}
