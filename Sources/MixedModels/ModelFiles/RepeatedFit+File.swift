// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension RepeatedOptimum {
  /// What a model file keeps of the search.
  var outcome: CriterionSearch.Outcome {
    CriterionSearch.Outcome(
      optimizer: "newton", φ: solution.θ, value: solution.value, converged: converged,
      messages: messages,
      trace: trace.map {
        CriterionSearch.Evaluation(φ: $0.theta, value: $0.criterion, seconds: $0.seconds)
      }, gradients: gradients, evaluationSeconds: evaluationSeconds)
  }

  /// What the equations give where a saved search ended.
  ///
  /// - Throws: `MalformedMember`, `NotReproduced`, `NotOfThisFit`.
  init(_ saved: SavedOptimum, _ criterion: RepeatedCriterion) throws {
    let outcome = saved.outcome
    guard outcome.φ.count == criterion.model.parameterCount else {
      throw MalformedMember(
        name: "phi in \(SavedOptimum.member)",
        "the model has \(criterion.model.parameterCount) parameters")
    }
    guard let solution = criterion.solution(outcome.φ) else {
      throw NotOfThisFit(part: "the optimum")
    }
    guard abs(solution.value - outcome.value) <= 1e-10 * max(1, abs(outcome.value)) else {
      throw NotReproduced(saved: outcome.value, found: solution.value, isUncertain: false)
    }
    let slopes = criterion.slopes(solution)
    let (hessian, informationSlopes) = criterion.curvature(solution, slopes)
    self.init(
      solution: solution, gradient: slopes.gradient, hessian: hessian,
      informationSlopes: informationSlopes, converged: outcome.converged,
      messages: outcome.messages,
      trace: outcome.trace.enumerated().map { index, point in
        TracePoint(
          evaluation: index + 1, theta: point.φ, criterion: point.value, seconds: point.seconds)
      }, gradients: outcome.gradients, evaluationSeconds: outcome.evaluationSeconds, began: 0,
      found: 0)
    // Where the matrix is singular, which the messages say, the criterion has no minimum to be at.
    guard !converged || !messages.isEmpty || largestGradient < 1e-3 else {
      throw NotOfThisFit(part: "the optimum")
    }
  }
}

extension FittedModel {
  /// A fit with covariances between the residuals of a subject from its model file: the criterion is
  /// evaluated once.
  ///
  /// - Throws: `ArchiveError`, `MalformedMember`, `NotReproduced`, `NotOfThisFit`, `FitError`.
  convenience init(
    repeatedIn file: ModelFile, _ products: CrossProducts, _ data: [any TableSource],
    _ options: FitOptions, _ saved: SavedOptimum
  ) throws {
    var products = products
    let options = options.adopting(products.specification)
    let fixed = try LinearMixedModel(releasing: &products, options: options)
    let model = try RepeatedModel(products, fixed, options)
    let criterion = RepeatedCriterion(
      model: model, kind: options.criterion, threads: threadCount(options.threads))
    let optimum = try file.reading { try RepeatedOptimum(saved, criterion) }
    self.init(
      model, optimum, fixed, products, products.specification.formula, data, options, saved.timing,
      began: nil)
  }
}
