// SPDX-License-Identifier: GPL-2.0-or-later

/// How exact the criterion is to be, and what that may take.
package struct MatrixFreeAccuracy: Sendable {
  /// Of the criterion; nil: whatever it is with the probes that there are. More are taken where θ needs them,
  /// see `CriterionCurvature.monteCarloShare`.
  package var standardError: Double?
  /// Probes to take, whatever their error; nil: as many as needed.
  package var probes: Int?
  package var probeLimit: Int
  /// Of the probes.
  package var seed: UInt64 = 1
  /// Whether the core is written out where it is sparse; nil: where it pays.
  package var writesCore: Bool?
  /// Whether a core that is written out is preconditioned; nil: where it pays.
  package var preconditions: Bool?
  /// Steps of Lanczos' method.
  package var stepLimit: Int
  /// Bytes for the vectors that are kept for derivatives; what does not fit is computed again.
  package var memory = 2e9

  /// Probes from which the error is estimated at first; where tr E² is exact half as many, which at any size
  /// leave θ well within 0.02 of its standard error.
  static let pilot = 16
  static let fewest = 8

  package init(
    standardError: Double? = nil, probes: Int? = nil, probeLimit: Int = 4096, stepLimit: Int = 200
  ) {
    (self.standardError, self.probes) = (standardError, probes)
    (self.probeLimit, self.stepLimit) = (probeLimit, stepLimit)
  }

  /// For a planner that has exact strategies to fall back on where the spectrum is slow.
  package static func modest(_ standardError: Double?) -> MatrixFreeAccuracy {
    MatrixFreeAccuracy(standardError: standardError, probeLimit: standardError == nil ? 1024 : 256)
  }

  /// Whether probes are few at first and as many later as the error that is wanted takes.
  var growsTowardsGoal: Bool { probes == nil && standardError != nil }

  /// How many times as many probes bring one standard error down to another; some more, since it is an estimate
  /// itself.
  static func growth(from error: Double, to goal: Double) -> Double {
    min(max(1.2 * (error / goal) * (error / goal), 1.5), 64)
  }

  /// What log |I + E| may lack for want of steps: derivatives are those of the limit.
  ///
  /// Where no error is asked for it grows with the core's size, as does the logarithm itself: the gradient that
  /// it leaves is nothing beside the root of the information, which goes with the root of that size.
  func tolerance(coreSize: Int) -> Double {
    standardError.map { 1e-5 * $0 } ?? max(1e-7, 1e-10 * Double(coreSize))
  }
}
