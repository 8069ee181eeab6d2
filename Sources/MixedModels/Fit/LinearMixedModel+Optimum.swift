// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LinearMixedModel {
  /// The best φ by the strategy that is planned, and the plan in words.
  ///
  /// A choice that turns out not to be able to do it gives way to an exact strategy.
  ///
  /// - Parameters:
  ///   - options: How to search and compute.
  ///   - saved: Where an earlier search ended; then there is no new one.
  /// - Throws: `FitError`, `CholmodError`; `OutOfRange`.
  func optimum(
    _ options: FitOptions, saved: SavedOptimum? = nil
  ) throws -> (optimum: Optimum, plan: [String]) {
    try options.check()
    let threads = threadCount(options.threads)
    let plan = try EquationsPlan(
      self, solver: options.solver, accuracy: options.accuracy, threads: threads)
    do {
      return (try optimum(options, plan, threads, saved), plan.lines(for: self))
    } catch let error as FitError where options.solver == "auto" && error.asksForExactEquations {
      let given = "  matrix-free was begun and given up: \(error)"
      guard let exact = try? EquationsPlan(self, solver: "exact", threads: threads) else {
        // Where nothing else fits, patience is the remedy.
        var options = options
        options.solver = "matrix-free"
        let (optimum, lines) = try self.optimum(options, saved: saved)
        return (optimum, [given] + lines)
      }
      return (try optimum(options, exact, threads, saved), [given] + exact.lines(for: self))
    }
  }

  private func optimum(
    _ options: FitOptions, _ plan: EquationsPlan, _ threads: Int, _ saved: SavedOptimum?
  ) throws -> Optimum {
    let chosen = plan.choice.drawing(seed: options.probeSeed)
    if saved == nil, options.start == nil, let choice = plan.forerunner(self, threads: threads) {
      let forerunner = SharedCriterion(
        ProfiledCriterion(
          self, options.criterion, try PlannedEquations(self, choice, threads: threads)))
      do {
        return try Optimum(
          self, options, isDear: true, PlannedEquations(self, chosen, threads: threads),
          forerunner: forerunner)
      } catch let error as FitError where error.asksForExactEquations {
        // Then the whole way has to be gone with the exact ones.
      }
    }
    return try Optimum.found(
      self, options, isDear: plan.chosen.isDear,
      PlannedEquations(self, chosen, threads: threads), saved: saved)
  }
}

extension FitError {
  /// Whether the matrix-free method is not made for this model, so that another has to be taken.
  var asksForExactEquations: Bool {
    switch self {
    case .slowSpectrum, .tooManyProbes: true
    default: false
    }
  }
}
