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
    _ model: LinearMixedModel, _ options: FitOptions, flops: Double,
    _ equations: consuming Equations
  ) throws {
    let criterion = SharedCriterion(ProfiledCriterion(model, options.criterion, equations))
    began = monotonicSeconds()
    outcome = try Self.search(model, options, flops: flops, criterion)
    _ = try criterion.value(outcome.φ)
    found = monotonicSeconds()
    estimates = try Estimates(
      model, φ: outcome.φ, &criterion.profiled, wantsModes: options.wantsConditionalModes)
    guard !model.explainsExactly(estimates.sigma) else { throw FitError.zeroResidualVariance }
    solver = criterion.profiled.equations.description
  }

  private static func search(
    _ model: LinearMixedModel, _ options: FitOptions, flops: Double,
    _ criterion: any DifferentiableCriterion
  ) throws -> CriterionSearch.Outcome {
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
      method: try method(model, options, flops: flops), maximumEvaluations: options.maximumEvaluations,
      // A dear search is not repeated, so no single small gain may end it.
      tolerance: options.tolerance ?? (model.isSmall ? 1e-13 : 0), rows: Double(model.observations),
      isCheap: model.isSmall, isDear: flops > dearFlops, covariance: covariance,
      levels: model.groups.map(\.levelCount),
      progress: options.progress.map { report in
        { evaluation, φ, value, seconds in
          report(
            .evaluating(
              TracePoint(
                evaluation: evaluation, theta: covariance.theta(φ), criterion: value,
                seconds: seconds)))
        }
      })
    return try search.run(from: starts, scalingStart: options.start == nil, criterion)
  }

  /// Multiplications of an evaluation that takes a good part of a second.
  private static let dearFlops = 2e9
  /// So many parameters are many for a search without derivatives.
  private static let manyParameters = 5

  private static func method(
    _ model: LinearMixedModel, _ options: FitOptions, flops: Double
  ) throws -> CriterionSearch.Method {
    switch options.optimizer {
    case "newton": return .newton
    case "auto":
      let isHard = model.covariance.parameterCount >= manyParameters || flops > dearFlops
      return isHard ? .newton : .derivativeFree(.bobyqa)
    default:
      guard let algorithm = MinimizerAlgorithm(name: options.optimizer) else {
        throw FitError.unknownOptimizer(
          options.optimizer,
          known: ["auto", "newton"] + MinimizerAlgorithm.allCases.map(\.rawValue))
      }
      return .derivativeFree(algorithm)
    }
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
