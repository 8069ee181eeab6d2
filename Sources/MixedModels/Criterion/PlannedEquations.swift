// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// The equations by the strategy that was planned: the one place where strategies are told apart.
package enum PlannedEquations: ~Copyable, MixedModelEquations {
  case whole(WholeEquations)
  case absorbed(AbsorbedEquations)
  case matrixFree(MatrixFreeEquations)

  /// - Throws: `CholmodError` when a sparse system cannot be analyzed.
  package init(_ model: LinearMixedModel, _ choice: EquationsPlan.Choice, threads: Int) throws {
    switch choice {
    case .whole: self = .whole(try WholeEquations(model))
    case .absorbed(let layout):
      self = .absorbed(try AbsorbedEquations(model, layout, threads: threads))
    case .matrixFree(let leading, let accuracy):
      self = .matrixFree(
        MatrixFreeEquations(model, leading: leading, accuracy: accuracy, threads: threads))
    }
  }

  package mutating func update(_ factors: [[Double]]) throws {
    try change(
      { try $0.update(factors) }, { try $0.update(factors) }, { try $0.update(factors) })
  }

  package var isPreliminary: Bool {
    switch self {
    case .whole: false
    case .absorbed: false
    case .matrixFree(let own): own.isPreliminary
    }
  }

  package mutating func refine() throws {
    try change({ _ in }, { _ in }, { try $0.refine() })
  }

  package mutating func solution() throws -> (u: [Double], β: [Double]) {
    try change({ try $0.solution() }, { try $0.solution() }, { try $0.solution() })
  }

  package mutating func conditionalCovariances() throws -> [[Double]] {
    try change(
      { try $0.conditionalCovariances() }, { try $0.conditionalCovariances() },
      { try $0.conditionalCovariances() })
  }

  package mutating func slopes(_ kind: CriterionKind) throws -> CovarianceSlopes {
    try change({ try $0.slopes(kind) }, { try $0.slopes(kind) }, { try $0.slopes(kind) })
  }

  package func fixedEffectsCovariance() throws -> DenseMatrix {
    switch self {
    case .whole(let own): try own.fixedEffectsCovariance()
    case .absorbed(let own): try own.fixedEffectsCovariance()
    case .matrixFree(let own): try own.fixedEffectsCovariance()
    }
  }

  package var logDeterminantM: Double {
    switch self {
    case .whole(let own): own.logDeterminantM
    case .absorbed(let own): own.logDeterminantM
    case .matrixFree(let own): own.logDeterminantM
    }
  }

  package var probeLogDeterminants: [Double] {
    switch self {
    case .whole: []
    case .absorbed: []
    case .matrixFree(let own): own.probeLogDeterminants
    }
  }

  package var logDeterminantRX: Double {
    switch self {
    case .whole(let own): own.logDeterminantRX
    case .absorbed(let own): own.logDeterminantRX
    case .matrixFree(let own): own.logDeterminantRX
    }
  }

  package var penalizedResidualSumOfSquares: Double {
    switch self {
    case .whole(let own): own.penalizedResidualSumOfSquares
    case .absorbed(let own): own.penalizedResidualSumOfSquares
    case .matrixFree(let own): own.penalizedResidualSumOfSquares
    }
  }

  package var description: SolverSummary {
    switch self {
    case .whole(let own): own.description
    case .absorbed(let own): own.description
    case .matrixFree(let own): own.description
    }
  }

  /// A payload can only be changed while it is taken out; it is put back whatever happens.
  private mutating func change<Answer>(
    _ whole: (inout WholeEquations) throws -> Answer,
    _ absorbed: (inout AbsorbedEquations) throws -> Answer,
    _ matrixFree: (inout MatrixFreeEquations) throws -> Answer
  ) throws -> Answer {
    let answer: Result<Answer, any Error>
    switch consume self {
    case .whole(var own):
      answer = Result { try whole(&own) }
      self = .whole(own)
    case .absorbed(var own):
      answer = Result { try absorbed(&own) }
      self = .absorbed(own)
    case .matrixFree(var own):
      answer = Result { try matrixFree(&own) }
      self = .matrixFree(own)
    }
    return try answer.get()
  }
}
