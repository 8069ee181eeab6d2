// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Fits one model to many responses: a light search from a point near which the optima must lie.
///
/// No Hessian at the end, so a replicate takes a few gradients only.
struct Refitting: @unchecked Sendable {
  let kind: CriterionKind
  /// φ to start from.
  let start: [Double]
  /// Holds nothing but constants that the equations read, hence unchecked.
  private let choice: EquationsPlan.Choice
  private static let maximumEvaluations = 2000

  struct Outcome {
    var φ: [Double]
    var criterion: Double
    var converged: Bool
    /// In units of the response.
    var sigma: Double
    /// In working coordinates, in units of the scaled response.
    var β: [Double]
  }

  /// - Throws: `FitError`, `CholmodError`.
  init(_ model: LinearMixedModel, kind: CriterionKind, start: [Double], solver: String) throws {
    (self.kind, self.start) = (kind, start)
    choice = try EquationsPlan(model, solver: solver, threads: 1).choice
  }

  /// - Throws: `FitError`, `CholmodError`.
  func fit(_ model: LinearMixedModel) throws -> Outcome {
    switch choice {
    case .whole: try fit(model, WholeEquations(model))
    case .absorbed(let layout):
      try fit(model, AbsorbedEquations(model, layout, threads: 1))
    }
  }

  /// The criterion at the start.
  ///
  /// - Throws: `FitError`, `CholmodError`.
  func criterion(_ model: LinearMixedModel) throws -> Double {
    switch choice {
    case .whole:
      var criterion = ProfiledCriterion(model, kind, try WholeEquations(model))
      return try criterion(start)
    case .absorbed(let layout):
      var criterion = ProfiledCriterion(
        model, kind, try AbsorbedEquations(model, layout, threads: 1))
      return try criterion(start)
    }
  }

  private func fit<Equations: MixedModelEquations & ~Copyable>(
    _ model: LinearMixedModel, _ equations: consuming Equations
  ) throws -> Outcome {
    let criterion = SharedCriterion(ProfiledCriterion(model, kind, equations))
    let search = CriterionSearch(
      method: .newton, maximumEvaluations: Self.maximumEvaluations, tolerance: 0,
      rows: Double(model.observations), isCheap: false, isDear: false,
      covariance: model.covariance, levels: model.groups.map(\.levelCount), progress: nil)
    var state = SearchState(search: search, criterion: criterion, best: start)
    guard try state.value(at: start).isFinite else {
      throw FitError.numerical("the criterion is not finite at the starting values")
    }
    try state.descend()
    let value = try criterion.value(state.best)
    return Outcome(
      φ: state.best, criterion: value, converged: state.messages.isEmpty && !state.isUnfinished,
      sigma: criterion.profiled.squaredResidualScale.squareRoot(),
      β: try criterion.profiled.equations.solution().β)
  }
}
