// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension LinearMixedModel {
  /// How an optimum comes about, given the criterion and whether its evaluations are expensive.
  typealias Finding = (Criterion, SearchCost) throws -> Optimum

  /// The best φ by the strategy that is planned, and the plan in words.
  ///
  /// A choice that turns out not to be able to do it gives way to an exact strategy.
  ///
  /// - Parameters:
  ///   - options: How to search and compute.
  ///   - known: Makes the optimum of a criterion whose minimum is known; then there is no search.
  /// - Throws: `FitError`, `CholmodError`; `OutOfRange`.
  func optimum(
    _ options: FitOptions, known: Finding? = nil
  ) throws -> (optimum: Optimum, plan: [String]) {
    try options.check()
    let plan = try EquationsPlan(self, options)
    do {
      return (try optimum(options, plan, known), plan.lines(for: self))
    } catch let error as FitError where options.solver == "auto" && error.asksForExactEquations {
      let given = "  matrix-free was begun and given up: \(error)"
      guard let exact = try? EquationsPlan(self, options, solver: "exact") else {
        // Nothing else fits in memory, so that it runs to its end, however many steps that takes.
        var options = options
        options.solver = "matrix-free"
        let (optimum, lines) = try self.optimum(options, known: known)
        return (optimum, [given] + lines)
      }
      return (try optimum(options, exact, known), [given] + exact.lines(for: self))
    }
  }

  private func optimum(
    _ options: FitOptions, _ plan: EquationsPlan, _ known: Finding?
  ) throws -> Optimum {
    let threads = threadCount(options.threads)
    let chosen = plan.choice.drawing(seed: options.probeSeed)
    let find =
      known
      ?? { criterion, cost in
        try options.knownTheta.map { try Optimum(self, options, theta: $0, criterion) }
          ?? Optimum(self, options, cost: cost, criterion)
      }
    if known == nil, !options.hasStart, options.knownTheta == nil,
      let rough = plan.roughChoice(self, threads: threads)
    {
      let criterion = Criterion(
        self, options.criterion, try rough.equations(self, threads: threads),
        finer: { try chosen.equations(self, threads: threads) })
      do {
        return try find(criterion, .expensive)
      } catch let error as FitError where error.asksForExactEquations {
        // Then the whole way has to be gone with the exact ones.
      }
    }
    let criterion = try Criterion(self, options.criterion, chosen, threads: threads)
    return try find(criterion, SearchCost(plan.chosen, parameters: covariance.parameterCount))
  }
}
