// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LinearMixedModel {
  /// The best φ by the strategy that is planned, and the plan in words.
  ///
  /// A choice that turns out not to be able to do it gives way to an exact strategy.
  ///
  /// - Parameters:
  ///   - saved: Where an earlier search ended; then there is no new one.
  ///   - sample: The model of some of the rows, made if a search with these is worth while.
  /// - Throws: `FitError`, `CholmodError`.
  func optimum(
    _ options: FitOptions, saved: SavedOptimum? = nil, sample: () -> LinearMixedModel? = { nil }
  ) throws -> (optimum: Optimum, plan: [String]) {
    let threads = options.threads == 0 ? availableProcessors() : options.threads
    let plan = try EquationsPlan(
      self, solver: options.solver, accuracy: options.accuracy, threads: threads)
    do {
      return (
        try optimum(options, plan, threads, saved, sample: sample), plan.lines(for: self)
      )
    } catch let error as FitError where options.solver == "auto" && error.asksForExactEquations {
      let given = "  matrix-free was begun and given up: \(error)"
      guard let exact = try? EquationsPlan(self, solver: "exact", threads: threads) else {
        // Where nothing else fits, patience is the remedy.
        var options = options
        options.solver = "matrix-free"
        let (optimum, lines) = try self.optimum(options, saved: saved, sample: sample)
        return (optimum, [given] + lines)
      }
      return (
        try optimum(options, exact, threads, saved, sample: { nil }),
        [given] + exact.lines(for: self)
      )
    }
  }

  private func optimum(
    _ options: FitOptions, _ plan: EquationsPlan, _ threads: Int, _ saved: SavedOptimum?,
    sample: () -> LinearMixedModel?
  ) throws -> Optimum {
    var options = options
    let began = monotonicSeconds()
    if saved == nil, options.start == nil, plan.chosen.seconds > Self.worthSampling,
      ["auto", "newton"].contains(options.optimizer), let sample = sample(),
      sample.thetaNames == thetaNames
    {
      options.start = sample.roughTheta(options, threads: threads)
    }
    var optimum = try Optimum.found(
      self, options, isDear: plan.chosen.isDear,
      PlannedEquations(self, plan.choice, threads: threads), saved: saved)
    if options.start != nil { optimum.began = began }
    return optimum
  }

  /// Seconds of an evaluation from which on it pays to come near the optimum with fewer rows.
  private static let worthSampling = 0.3

  /// θ where a search without much care ends; nil where it fails.
  private func roughTheta(_ options: FitOptions, threads: Int) -> [Double]? {
    var options = options
    options.progress = nil
    do {
      let plan = try EquationsPlan(
        self, solver: options.solver, accuracy: options.accuracy, threads: threads)
      let criterion = SharedCriterion(
        ProfiledCriterion(
          self, options.criterion, try PlannedEquations(self, plan.choice, threads: threads)))
      let search = CriterionSearch(self, options, .newton, isDear: true)
      var state = SearchState(search: search, criterion: criterion, best: covariance.identity)
      guard try state.value(at: covariance.identity).isFinite else { return nil }
      try state.findStart(scales: false)
      try state.descend()
      return covariance.theta(state.best)
    } catch {
      return nil  // a start from nowhere near is a start, too
    }
  }
}

extension FitError {
  /// Whether the matrix-free method is not made for this model, so that another has to be taken.
  package var asksForExactEquations: Bool {
    switch self {
    case .slowSpectrum, .tooManyProbes: true
    default: false
    }
  }
}
