// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The optimum of one model's criterion and what the equations give there, whatever strategy solves
/// them.
struct Optimum {
  let outcome: CriterionSearch.Outcome
  let estimates: Estimates
  let solver: SolverSummary
  /// When the search began and when it ended, on the monotonic clock.
  let began: Double
  let found: Double

  /// - Throws: `FitError`, `CholmodError`.
  init<Equations: MixedModelEquations & ~Copyable>(
    _ model: LinearMixedModel, _ options: FitOptions, _ equations: consuming Equations
  ) throws {
    var criterion = ProfiledCriterion(model, options.criterion, equations)
    began = monotonicSeconds()
    outcome = try Self.search(model, options, &criterion)
    _ = try criterion(outcome.φ)
    found = monotonicSeconds()
    estimates = try Estimates(
      model, φ: outcome.φ, &criterion, wantsModes: options.wantsConditionalModes)
    guard !model.explainsExactly(estimates.sigma) else { throw FitError.zeroResidualVariance }
    solver = criterion.equations.description
  }

  private static func search<Equations: MixedModelEquations & ~Copyable>(
    _ model: LinearMixedModel, _ options: FitOptions,
    _ criterion: inout ProfiledCriterion<Equations>
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
      // Criteria can have several minima. Where it costs nothing, lme4's start is tried too: θ =
      // identity.
      starts.append(covariance.working(covariance.identity))
    }
    let search = CriterionSearch(
      algorithm: algorithm, maximumEvaluations: options.maximumEvaluations,
      // A dear search is not repeated, so no single small gain may end it.
      tolerance: options.tolerance ?? (model.isSmall ? 1e-13 : 0), rows: Double(model.observations),
      isCheap: model.isSmall, blocks: covariance.blockRanges,
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
    groups.reduce(0) { $0 + $1.zz.count + $1.zx.count } + pairs.reduce(0) { $0 + $1.blocks.count }
      < 10_000
  }
}

extension CriterionSearch.Outcome {
  /// Time between evaluations, which is nearly all theirs.
  var medianEvaluationSeconds: Double {
    let steps = zip(trace, trace.dropFirst()).map { $1.seconds - $0.seconds }.sorted()
    return steps.isEmpty ? trace.first?.seconds ?? 0 : steps[steps.count / 2]
  }
}
