// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// A search under way: the best point so far and what led there.
struct SearchState {
  let search: CriterionSearch
  let criterion: Criterion
  var best: [Double]
  var value = Double.infinity
  var stoppedEarly = false
  var messages: [String] = []
  var trace: [CriterionSearch.Evaluation] = []
  /// Of a rougher criterion, before those in `trace`.
  private(set) var preliminaryEvaluations = 0
  var gradients = 0
  /// Where the searches from all starts ended.
  var ends = SearchEnds()
  /// Decrease of the criterion at which a search with gradients ends.
  var leastStep = 1e-9
  /// Evaluations after which the search from the present start is given up.
  var limit: Int
  /// Whether that was so.
  var isUnfinished = false
  /// Where the criterion was evaluated last, and the derivatives computed last.
  private var evaluated: [Double] = []
  private var latest: [Double] = []
  private var known: (φ: [Double], derivatives: CriterionDerivatives)?
  private var durations: [Double] = []
  private let began = monotonicSeconds()

  init(search: CriterionSearch, criterion: Criterion, best: [Double]) {
    self.search = search
    self.criterion = criterion
    self.best = best
    limit = search.maximumEvaluations
  }

  mutating func record(_ φ: [Double], _ value: Double) throws {
    let seconds = monotonicSeconds() - began
    trace.append(CriterionSearch.Evaluation(φ: φ, value: value, seconds: seconds))
    if value < self.value { (best, self.value) = (φ, value) }
    try search.progress?(trace.count, φ, value, seconds)
  }

  mutating func value(at φ: [Double]) throws -> Double {
    let value = try evaluate(φ)
    try record(φ, value)
    return value
  }

  private mutating func evaluate(_ φ: [Double]) throws -> Double {
    evaluated = []
    let began = monotonicSeconds()
    let value = try criterion.value(φ)
    durations.append(monotonicSeconds() - began)
    (evaluated, latest) = (φ, φ)
    return value
  }

  /// A point where the factorization fails is infinitely bad (and the minimizer knows how to take
  /// that).
  ///
  /// - Parameter isRecorded: false for points that only serve to compute a difference.
  mutating func tolerantValue(_ φ: [Double], isRecorded: Bool = true) throws -> Double {
    do {
      return try isRecorded ? value(at: φ) : evaluate(φ)
    } catch CholmodError.notPositiveDefinite {
      return .infinity
    } catch FitError.zeroResidualVariance, FitError.strata, FitError.serial, FitError.axes {
      return .infinity
    }
  }

  /// Median seconds of one evaluation.
  var evaluationSeconds: Double {
    durations.isEmpty ? 0 : durations.sorted()[durations.count / 2]
  }

  /// The derivatives at φ, which are remembered; nil where the criterion is not finite.
  mutating func derivatives(
    at φ: [Double], isRecorded: Bool = true
  ) throws -> CriterionDerivatives? {
    if let known, known.φ == φ { return known.derivatives }
    if evaluated != φ, !(try tolerantValue(φ, isRecorded: isRecorded).isFinite) { return nil }
    evaluated = []  // used up
    gradients += 1
    let derivatives = try criterion.derivatives()
    known = (φ, derivatives)
    return derivatives
  }

  /// An error of a preliminary criterion above which its optimum is no more than a start.
  private static let roughError = 0.3

  /// Has a preliminary criterion made as exact as it is wanted, so that few evaluations are of full size,
  /// and goes on from where it has led.
  mutating func refine() throws {
    guard criterion.isPreliminary else { return }
    if latest != best { _ = try evaluate(best) }
    let error = criterion.standardError
    try criterion.refine()
    guard criterion.standardError != error else { return }
    (preliminaryEvaluations, trace) = (preliminaryEvaluations + trace.count, [])
    (known, evaluated, value, durations) = (nil, [], .infinity, [])
    guard try value(at: best).isFinite, let error, error > Self.roughError else { return }
    if !stoppedEarly { try descend() }
  }

  /// Goes on with so many times as many random vectors, from where fewer have led.
  ///
  /// - Returns: false for a criterion that is exact.
  mutating func refine(growth: Double) throws -> Bool {
    guard try criterion.refine(growth: growth) else { return false }
    (preliminaryEvaluations, trace) = (preliminaryEvaluations + trace.count, [])
    (known, evaluated, value, durations) = (nil, [], .infinity, [])
    _ = try value(at: best)
    return true
  }

  /// Brings variances of any size within reach.
  ///
  /// - Parameter scales: false for a start that somebody has chosen: without derivatives it is kept.
  mutating func findStart(scales: Bool) throws {
    guard !best.isEmpty else { return }
    if search.method == .newton, try score() { return }
    if scales { try findMagnitudes() }
  }

  /// Multiplies each block by powers of four as long as that helps, and all of φ where the search
  /// is thorough.
  private mutating func findMagnitudes() throws {
    if search.isThorough, search.blocks.count > 1 { try findMagnitude(best.indices) }
    for block in search.blocks { try findMagnitude(block) }
  }

  private mutating func findMagnitude(_ range: Range<Int>) throws {
    for factor in [4.0, 0.25] {
      let before = best
      while factor > 1 || best[range.lowerBound] > RelativeCovariance.smallestUnit,
        trace.count < search.maximumEvaluations
      {
        var φ = best
        for k in range { φ[k] *= factor }
        let value = self.value
        if !(try tolerantValue(φ) < value) { break }
      }
      if best != before { return }
    }
  }

  /// Searches, and searches again from where it ended, until that gains nothing.
  mutating func descend() throws {
    var step = CriterionSearch.firstStep
    for restart in 0... {
      guard trace.count < search.maximumEvaluations else { return stopEarly() }
      let (before, origin, units) = (value, best, units)
      let outcome = try minimize(step: step, units: units)
      normalizeSigns()
      isUnfinished = outcome == .evaluationLimit
      if isUnfinished, trace.count < search.maximumEvaluations { return }
      if isUnfinished { return stopEarly() }
      if case .failed(let reason) = outcome { messages = ["the optimizer gave up: \(reason)"] }
      let escaped = try visitBoundary()
      if !escaped && before - value <= leastGain { return }
      // A search that went far was too timid, or had the wrong units.
      let moved = best.indices.contains { abs(best[$0] - origin[$0]) > 3 * step * units[$0] }
      if !search.isThorough && !escaped && (!moved || search.method == .newton) { return }
      if restart == CriterionSearch.maximumRestarts {
        messages = [
          "the criterion did not settle in \(restart) searches; try \(Setting.start) or another \(Setting.optimizer)"
        ]
        return
      }
      step = moved || escaped ? CriterionSearch.firstStep / 3 : CriterionSearch.restartStep
    }
  }

  private mutating func stopEarly() {
    (isUnfinished, stoppedEarly) = (true, true)
    messages = [
      "stopped after \(trace.count) evaluations, before the criterion settled; raise \(Setting.maximumEvaluations)"
    ]
  }

  /// Searches from another start, and goes back to where it was unless that ends lower.
  mutating func tryOther(_ start: [Double]) throws {
    let settled = (best, value, messages)
    (best, value, messages) = (start, .infinity, [])
    if search.method == .newton {
      // Where scoring led to an end already, a slow way from elsewhere is not worth going.
      limit = min(search.maximumEvaluations, trace.count + 20 * (start.count + 2))
    }
    isUnfinished = true
    if try tolerantValue(start).isFinite { try descend() }
    limit = search.maximumEvaluations
    if settled.1 > value, isUnfinished, !stoppedEarly { try descend() }
    ends.add(isUnfinished ? nil : value)
    if settled.1 <= value { (best, value, messages) = settled }
  }

  /// The criterion's own rounding sets the least gain that means anything.
  var leastGain: Double { max(1e-7, 1e-11 * search.rows) }

  var units: [Double] { search.covariance.units(at: best) }

  mutating func minimize(
    step: Double, units: [Double]
  ) throws -> MinimizerResult.Outcome {
    guard !best.isEmpty else { return .converged }
    let limit = max(limit - trace.count, 1)
    guard case .derivativeFree(let algorithm) = search.method else {
      return try minimizeWithGradient(limit: limit, units: units)
    }
    let rule = StoppingRule(
      maximumEvaluations: limit,
      absoluteX: search.lastStep, absoluteF: search.tolerance * search.rows)
    let result = try NumericalMethods.minimize(
      algorithm, start: zip(best, units).map { $0 / $1 },
      lower: best.map { _ in -.infinity }, upper: best.map { _ in .infinity },
      initialStep: best.map { _ in step }, stopping: rule
    ) { x in try self.tolerantValue(zip(x, units).map { $0 * $1 }) }
    return result.outcome
  }

  /// Turns columns of λ so that diagonals are not negative.
  mutating func normalizeSigns() {
    for column in search.columns where best[column.lowerBound] < 0 {
      for k in column { best[k] = -best[k] }
    }
  }

  /// Puts to zero what the criterion does not tell from zero.
  mutating func clearRounding() throws {
    for column in search.columns where best[column.lowerBound] < CriterionSearch.nearZero {
      try putToZero(column)
    }
    for row in search.covariance.rowEntries {
      let square = row.reduce(0) { $0 + best[$1] * best[$1] }
      guard square > 0, square < CriterionSearch.nearZero * CriterionSearch.nearZero else { continue }
      _ = try isAsGood(zeroing: row)
    }
  }

  /// Puts a small column of λ to zero, or its small diagonal entry, where that is no worse.
  mutating func putToZero(_ column: Range<Int>) throws {
    let square = column.reduce(0) { $0 + best[$1] * best[$1] }
    let isSmall = square < CriterionSearch.nearZero * CriterionSearch.nearZero
    if isSmall, square > 0, try isAsGood(zeroing: column) { return }
    let k = column.lowerBound
    if best[k] > 0, column.count > 1 || !isSmall { _ = try isAsGood(zeroing: k..<k + 1) }
  }

  /// Within rounding a zero is the simpler answer.
  mutating func isAsGood(zeroing entries: some Sequence<Int>) throws -> Bool {
    var φ = best
    for k in entries { φ[k] = 0 }
    return try isAsGood(φ, within: 1e-12 * search.rows + stochasticNoise)
  }

  /// Goes to a point whose criterion is higher by rounding at most.
  mutating func isAsGood(_ φ: [Double], within rounding: Double) throws -> Bool {
    let before = self.value
    let value = try tolerantValue(φ)
    guard value <= before + rounding else { return false }
    (best, self.value) = (φ, value)
    return true
  }

  /// By how much two values of an estimated criterion may differ for nothing: steps of Lanczos' method are not
  /// the same everywhere.
  private var stochasticNoise: Double { criterion.standardError == nil ? 0 : 1e-6 }

  /// Puts small variances to zero where that is no worse, and looks whether leaving zero pays.
  ///
  /// - Returns: whether a better point was found away from a boundary, from which to search again.
  mutating func visitBoundary() throws -> Bool {
    var escaped = false
    let small = search.columns.filter { best[$0.lowerBound] < CriterionSearch.nearZero }
    for column in try visitFaces(small, &escaped)
    where best[column.lowerBound] < CriterionSearch.nearZero {
      let k = column.lowerBound
      try putToZero(column)
      let before = self.value
      let origin = best
      for turned in [origin] + search.covariance.turned(origin, beside: k) {
        for size in [0.01, 0.1, 0.5] {
          for sign in column.count > 1 ? [1.0, -1] : [1] {
            var φ = turned
            φ[k] = sign * size
            _ = try tolerantValue(φ)
          }
        }
      }
      if hasGained(1e-9 * search.rows, over: before, at: origin) { escaped = true }
    }
    return escaped
  }
}
