// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// What estimated criteria mean for a likelihood-ratio statistic.
///
/// The errors of two models' criteria are taken as independent; where their probes have something in
/// common the difference is better known than that.
struct StatisticError {
  /// Of the statistic.
  let standardError: Double

  /// From the standard errors of both criteria, nil for an exact one.
  ///
  /// nil where both are exact.
  init?(_ smaller: Double?, _ larger: Double?) {
    guard smaller != nil || larger != nil else { return nil }
    let (a, b) = (smaller ?? 0, larger ?? 0)
    standardError = (a * a + b * b).squareRoot()
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
  func note(_ statistic: Double, df: Int?) -> String {
    func text(_ value: Double) -> String { NumberColumn([value], digits: 2).cells[0] }
    var note =
      "criteria were estimated with random vectors, so the statistic has a standard error of \(text(standardError))"
    if let df, df > 0 {
      let (least, greatest) = pValues(statistic, df: df)
      note +=
        "; within two of these its p-value from χ² is between \(text(least)) and \(text(greatest))"
    }
    return note + ". A smaller \(Setting.accuracy) makes it smaller"
  }
}
