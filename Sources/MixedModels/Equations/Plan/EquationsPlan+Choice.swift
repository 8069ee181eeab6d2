// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension EquationsPlan {
  /// A strategy with what it needs to know, for any model of the same levels, whatever its columns of X are: the
  /// one place where strategies are told apart.
  package indirect enum Choice: Sendable {
    /// With the order of the equations, where that is known.
    case whole(WholePattern?)
    case absorbed(CoreLayout)
    /// The group that is absorbed.
    case matrixFree(leading: Int, accuracy: MatrixFreeAccuracy)
    /// Levels that hang together, those with few neighbours first.
    case related(WholePattern, accuracy: MatrixFreeAccuracy)
    /// With absorbed factors: for all levels together, and for those of random effects alone.
    case besideFixedLevels(Choice, alone: Choice)

    /// - Throws: `CholmodError` when a sparse system cannot be analyzed.
    package func equations(
      _ model: LinearMixedModel, threads: Int
    ) throws -> any MixedModelEquations {
      switch self {
      case .whole(let layout): try WholeEquations(model, layout?.matching(model) ?? WholePattern(model))
      case .absorbed(let layout): try AbsorbedEquations(model, layout, threads: threads)
      case .matrixFree(let leading, let accuracy):
        MatrixFreeEquations(model, leading: leading, accuracy: accuracy, threads: threads)
      case .related(let layout, let accuracy):
        try RelatedEquations(model, layout.matching(model), accuracy: accuracy, threads: threads)
      case .besideFixedLevels(let joint, let alone):
        FixedLevelsEquations(
          model, try joint.equations(model.joined, threads: threads),
          alone: { try alone.equations(model.withoutFixedLevels, threads: threads) })
      }
    }

    /// Whether the criterion is an estimate, by REML where there are fixed levels.
    var isEstimated: Bool {
      switch self {
      case .whole, .absorbed: false
      case .matrixFree, .related: true
      case .besideFixedLevels(let joint, _): joint.isEstimated
      }
    }

    /// The same with other probes, where there are any.
    func drawing(seed: UInt64) -> Choice {
      switch self {
      case .whole, .absorbed: return self
      case .matrixFree(let leading, var accuracy):
        accuracy.seed = seed
        return .matrixFree(leading: leading, accuracy: accuracy)
      case .related(let layout, var accuracy):
        accuracy.seed = seed
        return .related(layout, accuracy: accuracy)
      case .besideFixedLevels(let joint, let alone):
        return .besideFixedLevels(joint.drawing(seed: seed), alone: alone.drawing(seed: seed))
      }
    }
  }
}
