// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension SearchState {
  /// Searches from other starts as long as there may be minima that none has led to, and goes to the
  /// least.
  ///
  /// Criteria of small data and many parameters have several minima, some of them narrow.
  mutating func survey() throws {
    let starts = SearchStarts(covariance: search.covariance)
    var drawn = 0
    for _ in 0..<Self.maximumSurveys {
      while !ends.isComplete, canGoOn {
        try glance(from: starts.random(drawn))
        drawn += 1
      }
      let before = value
      for start in starts.around(best) where canGoOn { try glance(from: start) }
      if before - value <= leastGain || !canGoOn { return }
    }
  }

  private static let maximumSurveys = 4
  /// Decrease of the criterion that ends a search whose end is only compared with others.
  private static let glanceStep = 1e-6

  private var canGoOn: Bool { !stoppedEarly && trace.count < search.surveyEvaluations }

  /// Searches once from a start, and in earnest where that ends below what is known.
  private mutating func glance(from start: [Double]) throws {
    let settled = (best, value, messages)
    (best, value, messages, isUnfinished) = (start, .infinity, [], true)
    limit = min(search.maximumEvaluations, trace.count + 20 * (start.count + 2))
    leastStep = Self.glanceStep
    if try tolerantValue(start).isFinite { try walkDown(from: start) }
    (limit, leastStep) = (search.maximumEvaluations, 1e-9)
    if value < settled.1 - leastGain, trace.count < limit { try descend() }
    ends.add(isUnfinished ? nil : value)
    if settled.1 <= value { (best, value, messages) = settled }
  }

  /// One search; from a face of the parameter space, where a variance or a direction is zero, a
  /// second one away from it if that pays.
  private mutating func walkDown(from start: [Double]) throws {
    isUnfinished =
      try minimize(step: CriterionSearch.firstStep, units: units) == .evaluationLimit
    normalizeSigns()
    guard search.columns.contains(where: { start[$0.lowerBound] == 0 }), try visitBoundary() else {
      return
    }
    isUnfinished =
      try minimize(step: CriterionSearch.firstStep, units: units) == .evaluationLimit
    normalizeSigns()
  }
}
