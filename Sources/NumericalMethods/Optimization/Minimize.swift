// SPDX-License-Identifier: GPL-2.0-or-later

/// Minimizes a function of n bounded variables without derivatives.
///
/// The best finite point seen is returned, however the search ended. Coordinates whose bounds
/// coincide are held there. A value that is not finite, or beyond ±1e100, is shown to the search
/// as the worst value so far, so that a few such points do not spoil its model; where the start
/// has such a value the search ends at once as `failed`. Nothing is random.
///
/// - Parameters:
///   - algorithm: What to use; the result says what was used.
///   - start: Where to begin, n coordinates; moved into the bounds if outside.
///   - lower: n lower bounds, −∞ allowed; `lower[i] <= upper[i]`.
///   - upper: n upper bounds, ∞ allowed.
///   - initialStep: The scale of the first steps, one for each coordinate; shortened where the
///     bounds are close. One that is zero or not finite is chosen here.
///   - stopping: The simplex method alone does not look at the objective's change if a tolerance
///     for x is given: equal values at the corners say little.
///   - objective: The function, called only within the bounds.
/// - Returns: The best point seen, and why the search ended.
/// - Throws: What `objective` throws. The search ends with it.
package func minimize<Failure: Error>(
  _ algorithm: MinimizerAlgorithm, start: [Double], lower: [Double], upper: [Double],
  initialStep: [Double], stopping: StoppingRule,
  objective: ([Double]) throws(Failure) -> Double
) throws(Failure) -> MinimizerResult {
  let n = start.count
  precondition(lower.count == n && upper.count == n && initialStep.count == n)
  precondition(zip(lower, upper).allSatisfy { $0 <= $1 }, "bounds out of order")
  var point = zip(start, zip(lower, upper)).map { max($1.0, min($0.isNaN ? 0 : $0, $1.1)) }
  let free = (0..<n).filter { lower[$0] < upper[$0] }
  let used = algorithm.effective(dimension: free.count)

  // The objective may throw, NLopt cannot: the error waits in `failure`.
  var search = Search(limit: max(stopping.maximumEvaluations, 1), start: point)
  var failure: Failure?
  func evaluate(_ x: UnsafeBufferPointer<Double>) -> Double? {
    for (k, i) in free.enumerated() { point[i] = x[k] }
    guard search.mayEvaluate else { return nil }
    do throws(Failure) {
      return search.record(point, try objective(point))
    } catch {
      failure = error
      return nil
    }
  }

  let outcome: MinimizerResult.Outcome
  if free.isEmpty {
    let value = evaluate(UnsafeBufferPointer(start: nil, count: 0))
    outcome = value == nil ? .failed(Search.nowhereFinite) : .converged
  } else {
    let problem = NLoptProblem(
      algorithm: used, lower: free.map { lower[$0] }, upper: free.map { upper[$0] },
      start: free.map { point[$0] }, initialStep: free.map { initialStep[$0] },
      stopping: stopping)
    let reported = withoutActuallyEscaping(evaluate) { problem.run($0) }
    outcome = search.stopReason ?? reported
  }
  if let failure { throw failure }
  return MinimizerResult(
    x: search.best, value: search.value, evaluations: search.evaluations, outcome: outcome,
    algorithm: used)
}

/// The record of a search: its best point and the values shown to the algorithm.
private struct Search {
  static let nowhereFinite = "the objective is not finite at the starting point"

  let limit: Int
  var best: [Double]
  var value = Double.nan
  var evaluations = 0
  private var worst = -Double.infinity
  /// Why we ended it, if it was not the algorithm that did.
  var stopReason: MinimizerResult.Outcome?

  init(limit: Int, start: [Double]) {
    self.limit = limit
    best = start
  }

  /// False from the limit on, which NLopt has too but not every algorithm keeps to exactly.
  var mayEvaluate: Bool {
    mutating get {
      if stopReason == nil, evaluations >= limit { stopReason = .evaluationLimit }
      return stopReason == nil
    }
  }

  /// The value to show for `result`, or nil to end the search.
  mutating func record(_ x: [Double], _ result: Double) -> Double? {
    evaluations += 1
    guard result.isFinite, abs(result) < 1e100 else {
      if worst == -.infinity {
        stopReason = .failed(Self.nowhereFinite)
        return nil
      }
      return worst
    }
    if !(result >= value) { (best, value) = (x, result) }  // NaN before the first
    worst = max(worst, result)
    return result
  }
}
