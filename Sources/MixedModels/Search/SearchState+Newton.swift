// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension SearchState {
  /// Fisher scoring as long as it goes far: covariances of any size come within reach.
  ///
  /// - Returns: whether that was of use.
  mutating func score() throws -> Bool {
    for round in 0..<8 {
      guard trace.count < search.maximumEvaluations, let here = try derivatives(at: best) else {
        return round > 0
      }
      let (before, origin, units) = (value, best, units)
      let φ = search.covariance.scoringStep(
        origin, here.slopes, residualWeight: here.residualWeight, levels: search.levels)
      guard try tolerantValue(φ) < before else { return round > 0 }
      let distance = φ.indices.reduce(0) { max($0, abs(φ[$1] - origin[$1]) / units[$1]) }
      if distance < 0.1 { return true }
    }
    return true
  }

  /// A search with gradients from the best point so far.
  ///
  /// Where many steps have not led to an end, in a narrow winding valley, it goes on with the exact
  /// Hessian.
  mutating func minimizeWithGradient(
    limit: Int, units: [Double]
  ) throws -> MinimizerResult.Outcome {
    guard !best.isEmpty else { return .converged }
    let limitPerHessian = search.isExpensive ? limit : min(limit, 40 + 5 * best.count)
    var (hessian, units, left) = (DenseMatrix?.none, units, limit)
    while true {
      let outcome = try minimizeWithGradient(
        limit: min(limitPerHessian, left), units: units, hessian: hessian)
      left -= limitPerHessian
      guard outcome == .evaluationLimit, left > 0 else { return outcome }
      (hessian, units) = (try curvature()?.hessian, self.units)
    }
  }

  private mutating func minimizeWithGradient(
    limit: Int, units: [Double], hessian: DenseMatrix?
  ) throws -> MinimizerResult.Outcome {
    let (start, value) = (best, value)
    guard let here = try derivatives(at: start) else {
      return .failed("the criterion is not finite at the start")
    }
    // The exact Hessian does the rest: one more step with it costs less than many without.
    let rule = StoppingRule(
      maximumEvaluations: limit,
      absoluteF: search.isExpensive && !criterion.isPreliminary
        ? 1e-3 : max(leastStep, 100 * here.roundingError))
    let result = try NumericalMethods.minimizeWithGradient(
      start: start, value: value, gradient: here.gradient,
      hessian: hessian
        ?? search.covariance.expectedHessian(
          start, here.slopes, levels: search.levels,
          residualWeight: hasManyColumns ? here.residualWeight : nil),
      units: units, stopping: rule, objective: { try self.tolerantValue($0) },
      gradient: { try self.derivatives(at: $0)!.gradient })
    return result.outcome
  }

  /// Newton's steps with the exact Hessian until the gradient is zero but for rounding; where the
  /// Hessian shows a saddle, down from there.
  ///
  /// - Returns: the curvature at the end, of σ alone without other parameters; nil where it cannot be
  ///   computed.
  mutating func settle() throws -> CriterionCurvature? {
    guard !best.isEmpty else { return try curvature() }
    var round = 0
    while true {
      guard var curvature = try curvature() else { return nil }
      if stoppedEarly {
        messages += alarms(curvature, isSaddle: false)
        return curvature
      }
      try polish(&curvature)
      let isSaddle = try leaveSaddle(curvature)
      let isSlope = try isSaddle ? false : leaveSlope(curvature)
      if !isSaddle && !isSlope || round == Self.maximumSaddles {
        messages += alarms(curvature, isSaddle: isSaddle)
        return curvature
      }
      try descend()
      round += 1
    }
  }

  private static let maximumSaddles = 5

  private func alarms(_ curvature: CriterionCurvature, isSaddle: Bool) -> [String] {
    curvature.alarms(noise: 1e4 * curvature.roundingError, isSaddle: isSaddle)
  }

  private mutating func polish(_ curvature: inout CriterionCurvature) throws {
    let noise = 100 * curvature.roundingError
    // Where little is left of yᵀWy rounding spoils values far more than gradients, in which r² is a
    // factor only: a step is worth its while that no value could show to be. What gradients cannot
    // tell from nothing is of the order of their error's square.
    let square = curvature.roundingError * curvature.roundingError
    let least = max(
      leastDecrease, min(0.1 * noise, search.isExpensive ? max(1e-8, square) : square))
    var computed = best
    for round in 0..<4 {
      let (step, decrease) = curvature.newtonStep
      guard decrease > least else { break }
      let φ = zip(best, step).map { $0 + $1 }
      let before = (best, value)
      let value = try tolerantValue(φ)
      guard value <= before.1 + noise, let derivatives = try derivatives(at: φ) else { break }
      var moved = curvature
      moved.gradient = derivatives.gradient
      guard moved.newtonStep.decrease < decrease else { break }
      (best, self.value) = (φ, value)
      curvature = moved
      // A long way from where the Hessian was computed.
      if round == 0, decrease > (search.isExpensive ? 1e-5 : 1e-6), isLong(step),
        let again = try self.curvature()
      {
        (curvature, computed) = (again, best)
      }
    }
    // Degrees of freedom follow the Hessian, and that of another point is not quite this one's.
    if search.isThorough, best != computed, let again = try self.curvature() { curvature = again }
  }

  /// Whether the Hessian is another one after a step. An estimated criterion's is not, of a million rows,
  /// however much it falls: it changes with φ's own size, of which standard errors are a small share.
  private func isLong(_ step: [Double]) -> Bool {
    criterion.standardError == nil || zip(step, units).contains { abs($0 / $1) > Self.shortStep }
  }

  /// In units of the coordinates; the Hessian changes by about as much of itself.
  private static let shortStep = 1e-3

  /// What is not worth a step more. An estimated criterion is further than that from the exact one.
  private var leastDecrease: Double {
    guard search.isExpensive else { return 1e-14 }
    return criterion.standardError == nil ? 1e-12 : CriterionCurvature.smallDecrease
  }

  /// Tries both ways along the direction that curves downwards most.
  private mutating func leaveSaddle(_ curvature: CriterionCurvature) throws -> Bool {
    guard curvature.leastEigenvalue < -1e-6 else { return false }
    let (before, origin) = (value, best)
    for size in [0.03, 0.3] {
      for sign in [1.0, -1] {
        _ = try tolerantValue(
          zip(origin, curvature.leastDirection).map { $0 + sign * size * $1 })
      }
    }
    return hasGained(1e-9 * search.rows, over: before, at: origin)
  }

  /// Goes to a lower point along Newton's step where that promises one that would be an alarm.
  private mutating func leaveSlope(_ curvature: CriterionCurvature) throws -> Bool {
    guard !alarms(curvature, isSaddle: false).isEmpty else { return false }
    let (before, origin, step) = (value, best, curvature.newtonStep.step)
    for size in [1, 0.3, 0.1, 0.03] where value >= before {
      _ = try tolerantValue(zip(origin, step).map { $0 + size * $1 })
    }
    return hasGained(leastGain, over: before, at: origin)
  }

  /// Whether the criterion has fallen by more than a gain; if not, the search is where it was.
  ///
  /// A fall that rounding can feign is no reason to be elsewhere: derivatives are known at the origin.
  mutating func hasGained(_ gain: Double, over before: Double, at origin: [Double]) -> Bool {
    if value < before - gain { return true }
    (best, value) = (origin, before)
    return false
  }

  /// The Hessian at the best point by differences of the exact gradient.
  mutating func curvature() throws -> CriterionCurvature? {
    let (φ, units) = (best, units)
    guard let centre = try derivatives(at: φ, isRecorded: false) else { return nil }
    let differences = CurvatureDifferences(
      centre, isExpensive: search.cost != .usual,
      isEstimated: criterion.standardError != nil)
    let acrossFaces = try curvatureAcrossFaces(φ, units, differences)
    var columns: [CriterionCurvature.Column] = []
    for k in φ.indices {
      if let column = acrossFaces[k] {
        columns.append(column)
        continue
      }
      let column = try differences.column(centre, unit: units[k]) { distance in
        var moved = φ
        moved[k] += distance
        return try derivatives(at: moved, isRecorded: false)
      }
      guard let column else { return nil }
      columns.append(column)
    }
    let held = search.covariance.heldCoordinates(φ)
    let curvature = CriterionCurvature(centre, columns, search.covariance, units: units)
    return held.isEmpty
      ? curvature
      : curvature.holding(
        held, information: search.covariance.expectedHessian(φ, centre.slopes, levels: search.levels).diagonal)
  }
}
