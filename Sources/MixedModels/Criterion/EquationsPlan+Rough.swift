// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension EquationsPlan {
  /// Rough evaluations must cost no more than this share of those that were chosen.
  private static let largestShare = 0.5

  /// Rough equations for the way to the optimum, where exact ones are expensive: the matrix-free ones
  /// with few probes. nil where they would not save much, or do not fit beside the exact ones.
  func roughChoice(
    _ model: LinearMixedModel, threads: Int, memory: Int = availableMemory()
  ) -> Choice? {
    guard chosenIndex != nil, chosen.strategy != .matrixFree, chosen.isExpensive,
      model.groups.count > 1, model.hasIndependentLevels, model.fixedLevels == nil, model.parts == nil
    else { return nil }
    let leading = model.leadingGroups[0]
    let rough = StrategyEstimate(
      matrixFree: model, leading: leading, accuracy: nil, threads: threads)
    guard rough.effort < Self.largestShare * chosen.effort,
      memory == 0 || rough.fits(memory - chosen.bytes)
    else { return nil }
    var accuracy = MatrixFreeAccuracy.modest(nil)
    accuracy.probes = MatrixFreeAccuracy.pilot
    return .matrixFree(leading: leading, accuracy: accuracy)
  }
}
