// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Finds the φ of least criterion with a derivative-free optimizer, and does not trust its first answer.
struct CriterionSearch {
  struct Outcome {
    var φ: [Double]
    var value: Double
    var converged: Bool
    var messages: [String]
    /// Every evaluation in order: φ, criterion, seconds since the start.
    var trace: [(φ: [Double], value: Double, seconds: Double)]
  }

  let algorithm: MinimizerAlgorithm
  let maximumEvaluations: Int
  /// Relative change of the criterion at which a search stops.
  let tolerance: Double
  let lower: [Double]
  let progress: ((Int, [Double], Double, Double) -> Void)?

  /// Size of the first step in φ, where 1 is one residual standard deviation per unit of a covariate.
  private static let firstStep = 0.3
  private static let restartStep = 0.003
  /// The trust region's last size: an error in φ that the criterion barely shows.
  private static let lastStep = 1e-5
  private static let maximumRestarts = 8
  /// A diagonal entry of λ below this is tried at zero.
  private static let nearZero = 1e-3

  /// - Throws: what `criterion` throws at the start; elsewhere a failed evaluation is a bad point, not an end.
  func run(from start: [Double], _ criterion: ([Double]) throws -> Double) throws -> Outcome {
    var search = State(search: self, best: start)
    search.value = try search.evaluate(start, criterion)
    guard search.value.isFinite else {
      throw FitError.numerical(
        "the criterion is not finite at the starting values. Rescale the covariates, or give --start")
    }
    var step = Self.firstStep
    for _ in 0...Self.maximumRestarts {
      let before = search.value
      let result = try search.minimize(step: step, criterion)
      search.stoppedEarly = result == .evaluationLimit
      if case .failed(let reason) = result { search.messages = ["the optimizer gave up: \(reason)"] }
      if search.stoppedEarly { break }
      let boundaryImproved = try search.visitBoundary(criterion)
      step = Self.restartStep
      // The criterion's own rounding sets the least gain that means anything.
      let gain = before - search.value
      if !boundaryImproved && gain <= max(1e-7, 1e-11 * abs(search.value)) { break }
    }
    if search.stoppedEarly {
      search.messages.append(
        "stopped after \(search.trace.count) evaluations, before the criterion settled; raise --max-evaluations")
    }
    return Outcome(
      φ: search.best, value: search.value, converged: !search.stoppedEarly && search.messages.isEmpty,
      messages: search.messages, trace: search.trace)
  }

  private struct State {
    let search: CriterionSearch
    var best: [Double]
    var value = Double.infinity
    var stoppedEarly = false
    var messages: [String] = []
    var trace: [(φ: [Double], value: Double, seconds: Double)] = []
    let began = monotonicSeconds()

    mutating func evaluate(
      _ φ: [Double], _ criterion: ([Double]) throws -> Double
    ) throws -> Double {
      let value = try criterion(φ)
      record(φ, value)
      return value
    }

    private mutating func record(_ φ: [Double], _ value: Double) {
      let seconds = monotonicSeconds() - began
      trace.append((φ, value, seconds))
      search.progress?(trace.count, φ, value, seconds)
      if value < self.value { (best, self.value) = (φ, value) }
    }

    /// A point where the factorization fails is infinitely bad (and the minimizer knows how to take that).
    private mutating func tolerantValue(
      _ φ: [Double], _ criterion: ([Double]) throws -> Double
    ) throws -> Double {
      do {
        return try evaluate(φ, criterion)
      } catch CholmodError.notPositiveDefinite {
        return .infinity
      } catch FitError.zeroResidualVariance {
        return .infinity
      }
    }

    mutating func minimize(
      step: Double, _ criterion: ([Double]) throws -> Double
    ) throws -> MinimizerResult.Outcome {
      let rule = StoppingRule(
        maximumEvaluations: max(search.maximumEvaluations - trace.count, 1),
        relativeX: 0, absoluteX: CriterionSearch.lastStep, absoluteF: 0, relativeF: search.tolerance)
      let result = try NumericalMethods.minimize(
        search.algorithm, start: best, lower: search.lower,
        upper: best.map { _ in .infinity }, initialStep: best.map { _ in step }, stopping: rule
      ) { φ in try self.tolerantValue(φ, criterion) }
      return result.outcome
    }

    /// Puts small variances to zero where that is no worse, and looks whether leaving zero pays.
    ///
    /// - Returns: whether a better point was found away from a boundary, from which to search again.
    mutating func visitBoundary(_ criterion: ([Double]) throws -> Double) throws -> Bool {
      var improved = false
      for k in best.indices where search.lower[k] == 0 && best[k] < CriterionSearch.nearZero {
        if best[k] > 0 {
          var φ = best
          φ[k] = 0
          let value = try tolerantValue(φ, criterion)
          // Within rounding a zero is the simpler answer.
          if value <= self.value + 1e-12 * max(1, abs(self.value)) { (best, self.value) = (φ, value) }
        }
        let before = self.value
        for size in [0.01, 0.1, 0.5] {
          var φ = best
          φ[k] = size
          _ = try tolerantValue(φ, criterion)
        }
        if self.value < before - 1e-9 * max(1, abs(before)) { improved = true }
      }
      return improved
    }
  }
}
