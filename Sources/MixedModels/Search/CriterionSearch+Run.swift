// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension CriterionSearch {
  /// Searches from every start in turn, goes to the bottom from the best end with the exact
  /// Hessian, and looks whether it is one.
  ///
  /// - Throws: what the criterion throws at the first start; elsewhere a failed evaluation is a bad
  ///   point, not an end.
  func run(
    from starts: [[Double]], scalingStart: Bool, _ criterion: Criterion
  ) throws -> Outcome {
    var state = SearchState(search: self, criterion: criterion, best: starts[0])
    guard try state.value(at: starts[0]).isFinite else {
      throw FitError.numerical(
        "the criterion is not finite at the starting values. Rescale the covariates, or give \(Setting.start)"
      )
    }
    if isThorough { try state.refine() }
    try state.findStart(scales: scalingStart)
    try state.descend()
    if surveyEvaluations > 0 {
      try state.survey(from: Array(starts.dropFirst()))
    } else {
      state.ends.add(state.value)
      for start in starts.dropFirst() where !state.stoppedEarly { try state.tryOther(start) }
    }
    try state.refine()
    _ = try state.clearStrata()
    var curvature = try state.settle()
    if try state.clearStrata() { curvature = try state.settle() }
    while let growth = curvature?.probeGrowth, !state.stoppedEarly,
      try state.refine(growth: growth)
    {
      curvature = try state.settle()
    }
    let settled = state.best
    if !state.stoppedEarly { try state.clearRounding() }
    // Derivatives are those of the point that is reported.
    if isThorough, state.best != settled { curvature = try state.curvature() ?? curvature }
    return Outcome(
      optimizer: method.name,
      φ: state.best, value: state.value, converged: state.messages.isEmpty,
      messages: state.messages, trace: state.trace,
      preliminaryEvaluations: state.preliminaryEvaluations, gradients: state.gradients,
      starts: state.ends.starts, startsAgreed: max(1, state.ends.agreed(on: state.value)),
      falls: state.ends.falls,
      curvature: curvature, evaluationSeconds: state.evaluationSeconds)
  }
}
