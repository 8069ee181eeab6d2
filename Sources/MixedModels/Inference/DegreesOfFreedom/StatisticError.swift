// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// What estimated criteria mean for a likelihood-ratio statistic.
package struct StatisticError {
  /// Of the statistic.
  package let standardError: Double
  /// Random vectors of the model that had more of them.
  package let probes: Int

  /// nil where both criteria are exact.
  ///
  /// - Parameters:
  ///   - larger: nil where there is none, so that its criterion is exact.
  ///   - sharesProbes: Whether both models have the same random effects and the same random vectors: then
  ///     most of the error is the same in both, and the statistic's is that of the differences vector by
  ///     vector. Other models' errors are taken as independent.
  package init?(_ smaller: SolverSummary?, _ larger: SolverSummary, sharesProbes: Bool) {
    guard smaller?.criterionStandardError != nil || larger.criterionStandardError != nil else {
      return nil
    }
    probes = max(smaller?.probes ?? 0, larger.probes ?? 0)
    let values = (smaller?.probeLogDeterminants ?? [], larger.probeLogDeterminants)
    let count = values.0.count
    guard sharesProbes, count > 1, values.1.count == count else {
      let (a, b) = (smaller?.criterionStandardError ?? 0, larger.criterionStandardError ?? 0)
      standardError = (a * a + b * b).squareRoot()
      return
    }
    let differences = zip(values.0, values.1).map { $0 - $1 }
    let mean = differences.reduce(0, +) / Double(count)
    let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardError = (squares / Double(count * (count - 1))).squareRoot()
  }

  /// The same of two fits.
  package init?(_ smaller: FittedModel, _ larger: FittedModel) {
    let solvers = (smaller.optimum.solver, larger.optimum.solver)
    self.init(
      solvers.0, solvers.1,
      sharesProbes: smaller.fit.theta.names == larger.fit.theta.names
        && smaller.options.probeSeed == larger.options.probeSeed
        && smaller.fit.solver.leadingTerm == larger.fit.solver.leadingTerm)
  }

  /// From what is known otherwise.
  package init(standardError: Double, probes: Int) {
    (self.standardError, self.probes) = (standardError, probes)
  }

  /// The level at which a test is to decide.
  static let level = 0.05
  /// So many standard errors of the statistic around it must be on one side.
  private static let certainty = 3.0

  /// Whether a p-value says on which side of the level it is, whatever the random vectors.
  package func decides(_ statistic: Double, _ pValue: (Double) -> Double) -> Bool {
    let margin = Self.certainty * standardError
    return pValue(max(0, statistic - margin)) < Self.level
      || pValue(statistic + margin) >= Self.level
  }

  /// p-values from χ² at two standard errors more and less than the statistic.
  func pValues(_ statistic: Double, df: Int) -> (least: Double, greatest: Double) {
    let chiSquared = ChiSquared(degreesOfFreedom: Double(df))
    return (
      chiSquared.cumulative(statistic + 2 * standardError, tail: .upper),
      chiSquared.cumulative(max(0, statistic - 2 * standardError), tail: .upper)
    )
  }

  /// What to tell the reader of a test.
  package func note(_ statistic: Double, df: Int?) -> String {
    func text(_ value: Double) -> String { NumberColumn([value], digits: 2).cells[0] }
    var note =
      "criteria were estimated with random vectors, so the statistic has a standard error of \(text(standardError))"
    guard let df, df > 0 else { return note + ". A smaller \(Setting.accuracy) makes it smaller" }
    let (least, greatest) = pValues(statistic, df: df)
    note +=
      "; within two of these its p-value from χ² is between \(text(least)) and \(text(greatest))"
    let chiSquared = ChiSquared(degreesOfFreedom: Double(df))
    let distance = abs(statistic - chiSquared.quantile(Self.level, tail: .upper))
    guard !decides(statistic, { chiSquared.cumulative($0, tail: .upper) }), distance > 0 else {
      return note + ". A smaller \(Setting.accuracy) makes it smaller"
    }
    // The error falls with the root of the number of vectors.
    let ratio = Self.certainty * standardError / distance
    let wanted = text(standardError / ratio / 2.0.squareRoot())
    return note
      + ", which does not tell on which side of \(Self.level) it is: about \(count(Double(probes) * ratio * ratio)) random vectors would. Take \(Setting.accuracy) \(wanted), or \(Setting.solver("absorb"))"
  }

  private func count(_ x: Double) -> String {
    x < 1e6 ? "\(Int(x.rounded(.up)))" : NumberColumn([x], digits: 2).cells[0]
  }
}
