// SPDX-License-Identifier: GPL-2.0-or-later

/// What each way to solve the equations would cost, from counts and patterns alone, and which one
/// to take.
package struct EquationsPlan {
  /// The least expensive first.
  package let estimates: [StrategyEstimate]
  /// Index of the one that is chosen; nil if none fits.
  package let chosenIndex: Int?
  package let choice: Choice

  init(estimates: [StrategyEstimate], chosenIndex: Int?, choice: Choice) {
    (self.estimates, self.chosenIndex, self.choice) = (estimates, chosenIndex, choice)
  }

  /// What a solver asked for is called in reports.
  static let strategies = [
    "absorb": "absorbed", "cholmod": "cholmod", "matrix-free": "matrix-free",
  ]

  /// The estimate of what was chosen.
  package var chosen: StrategyEstimate { estimates[chosenIndex ?? 0] }
}
