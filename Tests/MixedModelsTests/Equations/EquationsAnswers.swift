// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods
import TestSupport

/// Everything that a strategy says about a model at one φ.
struct EquationsAnswers: Equatable {
  var criterion = Double.nan
  var u: [Double] = []
  var β: [Double] = []
  var covariance = DenseMatrix(rows: 0, columns: 0)
  var conditional: [[Double]] = []

  init(
    _ model: LinearMixedModel, _ kind: CriterionKind, _ φ: [Double],
    _ equations: any MixedModelEquations
  ) throws {
    let profiled = Criterion(model, kind, equations)
    criterion = try profiled.value(φ)
    (u, β) = try profiled.equations.solution()
    covariance = try profiled.equations.fixedEffectsCovariance()
    conditional = try profiled.equations.conditionalCovariances()
  }

  static func whole(
    _ model: LinearMixedModel, _ kind: CriterionKind, _ φ: [Double]
  ) throws -> EquationsAnswers {
    try EquationsAnswers(model, kind, φ, WholeEquations(model))
  }

  static func absorbed(
    _ model: LinearMixedModel, _ kind: CriterionKind, _ φ: [Double], threads: Int = 2,
    _ layout: CoreLayout? = nil
  ) throws -> EquationsAnswers {
    let layout = try layout ?? model.absorbed(threads: threads)
    return try EquationsAnswers(
      model, kind, φ, AbsorbedEquations(model, layout, threads: threads))
  }
}

extension LinearMixedModel {
  /// How the planner would absorb.
  func absorbed(threads: Int = 2) throws -> CoreLayout {
    guard
      case .absorbed(let layout) = try EquationsPlan(self, solver: "absorb", threads: threads)
        .choice
    else { throw FitError.notConverged("the planner absorbs nothing") }
    return layout
  }

  /// φ to try: the identity, three at random, and two on the boundary.
  var trials: [[Double]] {
    var random = SplitMix64(seed: 5)
    let diagonal = Set(covariance.columnRanges.map(\.lowerBound))
    let entries = 0..<covariance.parameterCount
    var trials = [covariance.identity]
    for size in [0.3, 1, 20] {
      trials.append(
        entries.map { size * (diagonal.contains($0) ? random.uniform() : random.normal()) })
    }
    trials.append(trials[1].enumerated().map { $0 % 2 == 0 ? 0 : $1 })
    trials.append(entries.map { _ in 0 })
    return trials
  }
}
