// SPDX-License-Identifier: GPL-2.0-or-later

/// When to stop a search; a tolerance of zero, or less, is not used.
package struct StoppingRule: Sendable, Equatable {
  package var maximumEvaluations: Int
  /// Of the step in x against x.
  package var relativeX: Double
  /// Of the step in each coordinate.
  package var absoluteX: Double
  /// Of the change of the objective.
  package var absoluteF: Double
  /// Of the change of the objective against the objective.
  package var relativeF: Double

  package init(
    maximumEvaluations: Int = 10_000, relativeX: Double = 0, absoluteX: Double = 0,
    absoluteF: Double = 0, relativeF: Double = 0
  ) {
    self.maximumEvaluations = maximumEvaluations
    self.relativeX = relativeX
    self.absoluteX = absoluteX
    self.absoluteF = absoluteF
    self.relativeF = relativeF
  }
}

/// The best point a search has seen, and why it ended.
package struct MinimizerResult: Sendable, Equatable {
  package enum Outcome: Sendable, Equatable {
    /// A tolerance was met.
    case converged
    case evaluationLimit
    /// Rounding errors stopped all progress; the point is often good.
    case roundoffLimited
    /// The search could not go on, in words.
    case failed(String)
  }

  package let x: [Double]
  /// The objective at `x`; NaN if it was nowhere finite.
  package let value: Double
  package let evaluations: Int
  package let outcome: Outcome
  /// What was used; not always what was asked for (one free coordinate).
  package let algorithm: MinimizerAlgorithm
}
