// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Finds the φ of least criterion with a derivative-free optimizer, and does not trust its first
/// answer.
///
/// No coordinate is bounded. The criterion depends on λλᵀ only, so a column of λ may change its
/// sign: a bound at
/// λ_ii = 0 with something below the diagonal would be a wall in the middle of smooth country, and
/// searches do end at
/// such walls. Where a variance is zero the criterion is even in φ and smooth, with its minimum at
/// zero.
struct CriterionSearch {
  struct Outcome {
    var φ: [Double]
    var value: Double
    var converged: Bool
    var messages: [String]
    /// Every evaluation in order: φ, criterion, seconds since the start.
    var trace: [Evaluation]
  }

  struct Evaluation {
    var φ: [Double]
    var value: Double
    var seconds: Double
  }

  let algorithm: MinimizerAlgorithm
  let maximumEvaluations: Int
  /// Change of the criterion per row at which a search stops. Not relative to the criterion, whose
  /// size depends on
  /// the units of the response.
  let tolerance: Double
  /// n
  let rows: Double
  /// An evaluation costs next to nothing: search again from where the first search ended, to be
  /// sure.
  let isCheap: Bool
  /// Every block's entries among φ.
  let blocks: [Range<Int>]
  /// Every column of every λ among φ; the diagonal entry is the first.
  let columns: [Range<Int>]
  let progress: ((Int, [Double], Double, Double) -> Void)?

  /// Steps and final accuracy in units of a block's size.
  private static let firstStep = 0.3
  private static let restartStep = 0.003
  private var lastStep: Double { isCheap ? 1e-6 : 1e-5 }
  private static let maximumRestarts = 20
  /// A block is not taken for smaller than this: from zero a search must find its way back.
  private static let smallestUnit = 0.05
  /// A diagonal entry of λ below this is tried at zero.
  private static let nearZero = 1e-3

  /// Searches from every start in turn and returns the best end.
  ///
  /// - Throws: what `criterion` throws at the first start; elsewhere a failed evaluation is a bad
  ///   point, not an end.
  func run(
    from starts: [[Double]], scalingStart: Bool, _ criterion: ([Double]) throws -> Double
  ) throws -> Outcome {
    var state = State(search: self, best: starts[0])
    let first = try criterion(starts[0])
    guard first.isFinite else {
      throw FitError.numerical(
        "the criterion is not finite at the starting values. Rescale the covariates, or give --start"
      )
    }
    state.record(starts[0], first)
    if scalingStart { try state.findMagnitudes(criterion) }
    try state.descend(criterion)
    for start in starts.dropFirst() where !state.stoppedEarly {
      let settled = (state.best, state.value, state.messages)
      (state.best, state.value, state.messages) = (start, .infinity, [])
      if try state.tolerantValue(start, criterion).isFinite { try state.descend(criterion) }
      if settled.1 <= state.value { (state.best, state.value, state.messages) = settled }
    }
    return Outcome(
      φ: state.best, value: state.value, converged: state.messages.isEmpty,
      messages: state.messages, trace: state.trace)
  }

  private struct State {
    let search: CriterionSearch
    var best: [Double]
    var value = Double.infinity
    var stoppedEarly = false
    var messages: [String] = []
    var trace: [Evaluation] = []
    private let began = monotonicSeconds()

    init(search: CriterionSearch, best: [Double]) {
      self.search = search
      self.best = best
    }

    mutating func record(_ φ: [Double], _ value: Double) {
      let seconds = monotonicSeconds() - began
      trace.append(Evaluation(φ: φ, value: value, seconds: seconds))
      search.progress?(trace.count, φ, value, seconds)
      if value < self.value { (best, self.value) = (φ, value) }
    }

    /// A point where the factorization fails is infinitely bad (and the minimizer knows how to take
    /// that).
    mutating func tolerantValue(
      _ φ: [Double], _ criterion: ([Double]) throws -> Double
    ) throws -> Double {
      do {
        let value = try criterion(φ)
        record(φ, value)
        return value
      } catch CholmodError.notPositiveDefinite {
        return .infinity
      } catch FitError.zeroResidualVariance {
        return .infinity
      }
    }

    /// Multiplies each block by powers of four as long as that helps, and all of φ where the search
    /// is cheap:
    /// variances of any size come within reach.
    mutating func findMagnitudes(_ criterion: ([Double]) throws -> Double) throws {
      if search.isCheap, search.blocks.count > 1 { try findMagnitude(best.indices, criterion) }
      for block in search.blocks { try findMagnitude(block, criterion) }
    }

    private mutating func findMagnitude(
      _ range: Range<Int>, _ criterion: ([Double]) throws -> Double
    ) throws {
      for factor in [4.0, 0.25] {
        let before = best
        while factor > 1 || best[range.lowerBound] > CriterionSearch.smallestUnit,
          trace.count < search.maximumEvaluations
        {
          var φ = best
          for k in range { φ[k] *= factor }
          let value = self.value
          if !(try tolerantValue(φ, criterion) < value) { break }
        }
        if best != before { return }
      }
    }

    /// Searches, and searches again from where it ended, until that gains nothing.
    mutating func descend(_ criterion: ([Double]) throws -> Double) throws {
      var step = CriterionSearch.firstStep
      for restart in 0... {
        let (before, origin, units) = (value, best, units)
        let outcome = try minimize(step: step, units: units, criterion)
        normalizeSigns()
        if outcome == .evaluationLimit {
          stoppedEarly = true
          messages = [
            "stopped after \(trace.count) evaluations, before the criterion settled; raise --max-evaluations"
          ]
          return
        }
        if case .failed(let reason) = outcome { messages = ["the optimizer gave up: \(reason)"] }
        let escaped = try visitBoundary(criterion)
        // The criterion's own rounding sets the least gain that means anything.
        if !escaped && before - value <= max(1e-7, 1e-11 * search.rows) { return }
        // A search that went far was too timid, or had the wrong units.
        let moved = best.indices.contains { abs(best[$0] - origin[$0]) > 3 * step * units[$0] }
        if !search.isCheap && !moved && !escaped { return }
        if restart == CriterionSearch.maximumRestarts {
          messages = [
            "the criterion did not settle in \(restart) searches; try --start or another --optimizer"
          ]
          return
        }
        step = moved || escaped ? CriterionSearch.firstStep / 3 : CriterionSearch.restartStep
      }
    }

    /// The size of every coordinate: that of its block.
    private var units: [Double] {
      var units = best
      for block in search.blocks {
        let size = block.reduce(0) { max($0, abs(best[$1])) }
        for k in block { units[k] = max(size, CriterionSearch.smallestUnit) }
      }
      return units
    }

    private mutating func minimize(
      step: Double, units: [Double], _ criterion: ([Double]) throws -> Double
    ) throws -> MinimizerResult.Outcome {
      let rule = StoppingRule(
        maximumEvaluations: max(search.maximumEvaluations - trace.count, 1),
        absoluteX: search.lastStep, absoluteF: search.tolerance * search.rows)
      let result = try NumericalMethods.minimize(
        search.algorithm, start: zip(best, units).map { $0 / $1 },
        lower: best.map { _ in -.infinity }, upper: best.map { _ in .infinity },
        initialStep: best.map { _ in step }, stopping: rule
      ) { x in try self.tolerantValue(zip(x, units).map { $0 * $1 }, criterion) }
      return result.outcome
    }

    /// Turns columns of λ so that diagonals are not negative.
    private mutating func normalizeSigns() {
      for column in search.columns where best[column.lowerBound] < 0 {
        for k in column { best[k] = -best[k] }
      }
    }

    /// Puts small variances to zero where that is no worse, and looks whether leaving zero pays.
    ///
    /// - Returns: whether a better point was found away from a boundary, from which to search
    ///   again.
    private mutating func visitBoundary(_ criterion: ([Double]) throws -> Double) throws -> Bool {
      var escaped = false
      for column in search.columns where best[column.lowerBound] < CriterionSearch.nearZero {
        let k = column.lowerBound
        if best[k] > 0 {
          var φ = best
          φ[k] = 0
          let value = try tolerantValue(φ, criterion)
          // Within rounding a zero is the simpler answer.
          if value <= self.value + 1e-12 * max(1, abs(self.value)) {
            (best, self.value) = (φ, value)
          }
        }
        let before = self.value
        let origin = best
        for size in [0.01, 0.1, 0.5] {
          for sign in column.count > 1 ? [1.0, -1] : [1] {
            var φ = origin
            φ[k] = sign * size
            _ = try tolerantValue(φ, criterion)
          }
        }
        if self.value < before - 1e-9 * max(1, abs(before)) { escaped = true }
      }
      return escaped
    }
  }
}
