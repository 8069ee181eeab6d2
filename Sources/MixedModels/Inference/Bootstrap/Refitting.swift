// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// Fits one model to many responses: a light search from a point near which the optima must lie.
///
/// No Hessian at the end, so a replicate takes a few gradients only.
package struct Refitting: Sendable {
  package let kind: CriterionKind
  private let given: [Double]
  /// φ to start searches from, in turn, until one finds its optimum.
  private let starts: [[Double]]
  private let choice: EquationsPlan.Choice
  private static let maximumEvaluations = 500
  /// Where a variance is zero the criterion does not feel it, so searches begin away from there.
  private static let leastDiagonal = 0.1

  package struct Outcome {
    package var φ: [Double]
    package var criterion: Double
    package var converged: Bool
    /// In units of the response.
    package var sigma: Double
    /// In working coordinates, in units of the scaled response.
    package var β: [Double]
    /// Cov(β) / σ² in working coordinates.
    package var Φ: DenseMatrix
    /// nil unless asked for, without parameters, and where it cannot be computed.
    package var curvature: CriterionCurvature?
  }

  /// - Throws: `FitError`, `CholmodError`.
  package init(_ model: LinearMixedModel, kind: CriterionKind, start: [Double], solver: String) throws {
    (self.kind, given) = (kind, start)
    var lifted = start
    for column in model.covariance.columnRanges {
      lifted[column.lowerBound] = max(lifted[column.lowerBound], Self.leastDiagonal)
    }
    starts = [lifted, model.covariance.identity]
    choice = try EquationsPlan(
      model, solver: solver == "auto" ? "exact" : solver, threads: 1
    ).choice
  }

  /// With `wantsCurvature` the search goes on with the exact Hessian, as that of a fit does.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  package func fit(_ model: LinearMixedModel, wantsCurvature: Bool = false) throws -> Outcome {
    let criterion = try Criterion(model, kind, choice)
    let search = CriterionSearch(
      method: .newton, maximumEvaluations: Self.maximumEvaluations, tolerance: 0,
      rows: Double(model.observations), isThorough: false, surveyEvaluations: 0,
      cost: .usual,
      covariance: model.covariance, levels: model.groups.map(\.levelCount), progress: nil)
    var state = SearchState(search: search, criterion: criterion, best: starts[0])
    for start in starts {
      state = SearchState(search: search, criterion: criterion, best: start)
      guard try state.tolerantValue(start).isFinite else { continue }
      try state.descend()
      if state.messages.isEmpty, !state.isUnfinished { break }
    }
    let curvature = wantsCurvature ? try state.settle() : nil
    let value = try criterion.value(state.best)
    return Outcome(
      φ: state.best, criterion: value,
      converged: state.messages.isEmpty && !state.isUnfinished && value.isFinite,
      sigma: criterion.residualVariance.squareRoot(),
      β: try criterion.equations.solution().β,
      Φ: try criterion.equations.fixedEffectsCovariance(), curvature: curvature)
  }

  /// The criterion at the φ given.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  package func criterion(_ model: LinearMixedModel) throws -> Double {
    try Criterion(model, kind, choice).value(given)
  }
}

extension FittedModel {
  /// The same parameters, then the criterion, of a refit to a response relative to the fitted fixed
  /// part.
  func bootstrapValues(_ outcome: Refitting.Outcome) -> [Double] {
    let (fixed, s) = (model.fixed, model.fixed.responseScale)
    let change = fixed.solveR(
      DenseMatrix(rows: outcome.β.count, columns: 1, storage: outcome.β.map { s * $0 })
    ).storage
    var values = zip(fit.fixedEffects.compactMap(\.estimate), change).map { $0 + $1 }
    for (t, λ) in model.covariance.reportedFactors(outcome.φ).enumerated() {
      let C = λ * λ.transposed
      let sd = C.diagonal.map { $0.squareRoot() }
      for j in sd.indices {
        values.append(fit.varianceComponents[t].held.contains(j) ? .nan : outcome.sigma * sd[j])
        for i in sd.indices.dropFirst(j + 1) {
          let product = sd[i] * sd[j]
          values.append(product > 0 ? min(1, max(-1, C[i, j] / product)) : .nan)
        }
      }
      let (block, range) = (model.covariance.blocks[t], model.covariance.blockRanges[t])
      for k in block.levelCorrelations {
        values.append(block.structure!.parameters[k].value(outcome.φ[range.lowerBound + k]))
      }
    }
    let sigmas = ([1] + model.strataRatios(outcome.φ)).map { $0 * outcome.sigma }
    let ρ = model.covariance.serial(outcome.φ).map { $0.structure.values($0.coordinates) } ?? []
    return values + sigmas + ρ + model.covariance.theta(outcome.φ) + [outcome.criterion]
  }
}
