// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension SearchState {
  /// Searches from other starts as long as there may be minima that none has led to, and goes to the
  /// least.
  ///
  /// Criteria of small data and many parameters have several minima, some of them narrow.
  mutating func survey(from given: [[Double]]) throws {
    guard !best.isEmpty else { return }
    let starts = SearchStarts(covariance: search.covariance)
    let largestWeight = try largestResidualWeight()
    // An end at an edge is no minimum, and any that is found takes its place.
    let first = (best, value, messages)
    let isMinimum = try !isWithoutEnd()
    ends.add(isMinimum ? value : nil)
    if !isMinimum { value = .infinity }
    defer { endSurvey(first) }
    for start in given where canGoOn { try glance(from: start, largestWeight) }
    var drawn = 0
    for _ in 0..<Self.maximumSurveys {
      while canGoOn, !ends.isComplete(parameters: best.count) {
        try glance(from: starts.mixed(drawn, besides: best), largestWeight)
        drawn += 1
      }
      let before = value
      for start in starts.around(best) where canGoOn { try glance(from: start, largestWeight) }
      if before - value <= leastGain { return }
    }
  }

  /// df / r² beyond which a search has not found a minimum, but a way along which random effects come
  /// to explain every row and the criterion falls without end.
  private mutating func largestResidualWeight() throws -> Double {
    let none = [Double](repeating: 0, count: best.count)
    guard let there = try derivatives(at: none) else { return .infinity }
    return 1e5 * there.residualWeight
  }

  private static let maximumSurveys = 4
  /// Decrease of the criterion that ends a search whose end is only compared with others.
  private static let glanceStep = 1e-6
  /// What the criterion falls by where random effects come to explain every row, at least: more than
  /// rounding, which there is large.
  private static let leastFall = 0.1

  private var canGoOn: Bool {
    !stoppedEarly
      && trace.count < min(search.surveyEvaluations, search.maximumEvaluations / 2)
  }

  /// Searches once from a start, and in earnest where that ends below what is known.
  private mutating func glance(from start: [Double], _ largestWeight: Double) throws {
    let settled = (best, value, messages)
    (best, value, messages, isUnfinished) = (start, .infinity, [], true)
    limit = min(search.maximumEvaluations, trace.count + 20 * (start.count + 2))
    leastStep = Self.glanceStep
    if try tolerantValue(start).isFinite { try walkDown(from: start) }
    (limit, leastStep) = (search.maximumEvaluations, 1e-9)
    if value < settled.1 - leastGain, trace.count < limit { try descend() }
    if value < settled.1 {
      let weight = try derivatives(at: best)?.residualWeight ?? .infinity
      if try !(weight < largestWeight) || isWithoutEnd() {
        if settled.1.isFinite, value < settled.1 - Self.leastFall { ends.addFall() }
        (isUnfinished, value) = (true, .infinity)
      }
    }
    ends.add(isUnfinished ? nil : value)
    // What is lower by rounding only has not been searched to its end.
    if settled.1 <= value + leastGain { (best, value, messages) = settled }
  }

  /// Goes back to where the survey began if that was no minimum, and there is none.
  private mutating func endSurvey(_ first: (φ: [Double], value: Double, messages: [String])) {
    if !value.isFinite { (best, value, messages) = first }
    if first.value < value - Self.leastFall { ends.addFall() }
  }

  /// Whether the residuals of a stratum vanish here, or a correlation goes to ±1: no minimum either.
  private mutating func isWithoutEnd() throws -> Bool {
    do throws(FitError) { try search.covariance.checkEnd(best) } catch { return true }
    let (here, value) = (best, value)
    return try search.covariance.correlationEdges(here).contains { edge in
      try edge.draws(from: value) { try tolerantValue($0, isRecorded: false) }
    }
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
