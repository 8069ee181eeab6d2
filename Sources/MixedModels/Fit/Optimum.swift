// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The optimum of one model's criterion and what the equations give there, whatever strategy solves
/// them.
package struct Optimum: Sendable {
  private(set) var outcome: CriterionSearch.Outcome
  package let estimates: Estimates
  let solver: SolverSummary
  /// When the search began and when it ended, on the monotonic clock.
  let began: Double
  let found: Double

  /// - Throws: `FitError`, `CholmodError`.
  init(
    _ model: LinearMixedModel, _ options: FitOptions, cost: SearchCost, _ criterion: Criterion
  ) throws {
    let began = monotonicSeconds()
    let outcome = try Self.search(model, options, cost, criterion)
    try model.covariance.checkEnd(outcome.φ)
    for edge in model.covariance.correlationEdges(outcome.φ)
    where edge.draws(from: outcome.value, { (try? criterion.value($0)) ?? .infinity }) {
      try model.covariance.checkEnd(edge.limit)
    }
    if let term = model.termOfRows, model.hasLostResiduals(to: term.block, outcome, options, criterion) {
      throw FitError.noResidual(beside: term.name)
    }
    _ = try criterion.value(outcome.φ)
    try self.init(outcome, began: began, criterion, wantsModes: options.wantsConditionalModes)
    guard !model.explainsExactly(estimates.sigma * model.covariance.largestRatio(outcome.φ)) else {
      throw model.termOfRows.map { .noResidual(beside: $0.name) } ?? FitError.zeroResidualVariance
    }
  }

  /// The solution of the equations at a θ that is known.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  init(
    _ model: LinearMixedModel, _ options: FitOptions, theta θ: [Double], _ criterion: Criterion
  ) throws {
    guard θ.count == model.thetaNames.count else {
      throw FitError.numerical(
        "\(θ.count) values of θ are given, and there are \(model.thetaNames.count): \(model.thetaNames.joined(separator: ", "))"
      )
    }
    try model.checkTheta(θ)
    let began = monotonicSeconds()
    let φ = model.covariance.working(θ)
    let value = try criterion.refinedValue(φ)
    let seconds = monotonicSeconds() - began
    let outcome = CriterionSearch.Outcome(
      optimizer: "known", φ: φ, value: value, converged: true,
      messages: [
        "\(options.knownSigma == nil ? "θ is" : "θ and σ are") known, not estimated; tests are normal"
      ],
      trace: [CriterionSearch.Evaluation(φ: φ, value: value, seconds: seconds)], gradients: 0,
      evaluationSeconds: seconds)
    try self.init(outcome, began: began, criterion, wantsModes: options.wantsConditionalModes)
  }

  /// What the equations give where they were solved last.
  ///
  /// - Parameter outcome: Ends at the φ of the criterion's last evaluation.
  /// - Throws: `FitError`, `CholmodError`.
  init(
    _ outcome: CriterionSearch.Outcome, began: Double, _ criterion: Criterion, wantsModes: Bool
  ) throws {
    (self.outcome, self.began, found) = (outcome, began, monotonicSeconds())
    estimates = try Estimates(criterion, φ: outcome.φ, wantsModes: wantsModes)
    solver = criterion.equations.description
  }

  /// The same with more to say of the search.
  func with(_ outcome: CriterionSearch.Outcome) -> Optimum {
    var changed = self
    changed.outcome = outcome
    return changed
  }

  /// Of a model without covariance parameters.
  init(leastSquares estimates: Estimates, criterion value: Double) {
    outcome = CriterionSearch.Outcome(
      optimizer: "none", φ: [], value: value, converged: true, messages: [], trace: [],
      gradients: 0, evaluationSeconds: 0)
    self.estimates = estimates
    solver = SolverSummary(strategy: "least squares")
    (began, found) = (0, 0)
  }

  private static func search(
    _ model: LinearMixedModel, _ options: FitOptions, _ cost: SearchCost,
    _ criterion: Criterion
  ) throws -> CriterionSearch.Outcome {
    let starts = try starts(model, options)
    let search = try CriterionSearch(model, options, method(options), cost: cost)
    let outcome = try search.run(
      from: starts, scalingStart: !options.hasStart, criterion)
    let left = options.maximumEvaluations - outcome.trace.count
    guard options.optimizer == "auto", !outcome.converged, left > 0 else { return outcome }
    // The remedy where derivatives are of no use, since rounding has spoilt them.
    var other = options
    other.maximumEvaluations = left
    let second = try CriterionSearch(
      model, other, .derivativeFree(.bobyqa), cost: search.cost
    ).run(from: [outcome.φ], scalingStart: false, criterion)
    return second.value <= outcome.value ? second.preceded(by: outcome) : outcome
  }

  private static func starts(
    _ model: LinearMixedModel, _ options: FitOptions
  ) throws -> [[Double]] {
    let covariance = model.covariance
    if let given = options.start {
      guard given.count == model.thetaNames.count else {
        throw FitError.start(given: given.count, needed: model.thetaNames)
      }
      try model.checkTheta(given)
      return [covariance.working(given)]
    }
    if let named = options.startByName {
      guard model.thetaNames.contains(where: { named[$0] != nil }) else {
        throw FitError.startOfOtherModel(has: named.keys.sorted(), needed: model.thetaNames)
      }
      let usual = covariance.theta(covariance.identity)
      var start = covariance.working(zip(model.thetaNames, usual).map { named[$0] ?? $1 })
      // What was zero may not be zero any more, and no gradient leads away from there.
      for column in covariance.columnRanges {
        let k = column.lowerBound
        start[k] = max(start[k], RelativeCovariance.smallestUnit)
      }
      return [start]
    }
    guard model.isSmall, covariance.parameterCount > 0 else { return [covariance.identity] }
    // Criteria can have several minima. Where it costs nothing others are looked for: from lme4's
    // start, θ = identity, for residuals of the usual weight, and from small and large variances.
    let sizes = try method(options) == .newton ? [0.1, 3, 30] : []
    let relative = 1 / model.usualWeight.squareRoot()
    let usual = covariance.identityTheta.map { relative * $0 }
    return [covariance.identity, covariance.working(usual)]
      + sizes.map { size in covariance.identity.map { size * $0 } }
  }

  private static func method(_ options: FitOptions) throws -> CriterionSearch.Method {
    // Measured faster than the derivative-free ones on every workload, few parameters or many.
    if ["auto", "newton"].contains(options.optimizer) { return .newton }
    guard let algorithm = MinimizerAlgorithm(name: options.optimizer) else {
      throw FitError.unknownOptimizer(
        options.optimizer, known: ["auto", "newton"] + MinimizerAlgorithm.allCases.map(\.rawValue))
    }
    return .derivativeFree(algorithm)
  }
}

extension CriterionSearch {
  init(
    _ model: LinearMixedModel, _ options: FitOptions, _ method: Method, cost: SearchCost
  ) {
    let covariance = model.covariance
    let usual =
      method == .newton
      ? ModelPlan.Search.usualEvaluations(
        parameters: covariance.parameterCount, hasStart: options.hasStart) : nil
    self.init(
      method: method, maximumEvaluations: options.maximumEvaluations,
      // The search of a large model is not repeated, so no single small gain may end it.
      tolerance: options.tolerance ?? (model.isSmall ? 1e-13 : 0),
      rows: Double(model.observations), isThorough: model.isSmall,
      surveyEvaluations: method == .newton && !options.hasStart ? model.surveyEvaluations : 0,
      cost: cost,
      covariance: covariance, levels: model.groups.map(\.levelCount),
      progress: options.progress.map { report in
        { evaluation, φ, value, seconds in
          try report(
            .evaluating(
              TracePoint(
                evaluation: evaluation, theta: covariance.theta(φ), criterion: value,
                seconds: seconds), usual: usual))
        }
      })
  }
}

extension CriterionSearch.Outcome {
  /// This outcome with what was done before it.
  fileprivate func preceded(by first: CriterionSearch.Outcome) -> CriterionSearch.Outcome {
    var whole = self
    let began = first.trace.last?.seconds ?? 0
    whole.trace =
      first.trace
      + trace.map {
        CriterionSearch.Evaluation(φ: $0.φ, value: $0.value, seconds: began + $0.seconds)
      }
    whole.gradients += first.gradients
    return whole
  }
}

extension LinearMixedModel {
  /// Whether a term with an effect for every row has taken the place of the residuals: its effects are many
  /// times as large as they, and the criterion is no worse where they are larger still.
  ///
  /// It falls to its limit at σ = 0 by less and less, so that a search ends somewhere on the way, where the criterion
  /// has lost digits, too.
  fileprivate func hasLostResiduals(
    to block: Int, _ outcome: CriterionSearch.Outcome, _ options: FitOptions, _ criterion: Criterion
  ) -> Bool {
    guard options.held.isEmpty, options.knownSigma == nil, criterion.standardError == nil,
      covariance.largestDeviation(of: block, outcome.φ) > 10
    else { return false }
    let farther = try? criterion.value(covariance.stretched(outcome.φ, by: 4))
    return (farther ?? .infinity) <= outcome.value + Self.indifference * Double(observations)
  }

  /// For every row; what criteria differ by there without a meaning.
  private static let indifference = 1e-6

  /// An evaluation takes well under a millisecond.
  var isSmall: Bool { entries < 10_000 }

  /// Evaluations that other starts are worth, which take some tenths of a second, and one or two for dozens of
  /// parameters, whose searches are as many times longer: few need far less, and many have minima that one
  /// start in fifty leads to.
  fileprivate var surveyEvaluations: Int {
    let searches = max(1, covariance.parameterCount / 8)
    return isSmall ? searches * (6_000_000 / (entries + 100)) : 0
  }

  /// Of the cross-products' blocks, which an evaluation goes through.
  private var entries: Int {
    groups.reduce(0) { $0 + $1.zz.count + $1.zx.count } + pairs.reduce(0) { $0 + $1.blocks.count }
      + (fixedLevels?.entries(width: tail.columns) ?? 0)
  }
}
