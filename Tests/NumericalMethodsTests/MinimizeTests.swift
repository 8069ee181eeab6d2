// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods
import TestSupport
import Testing

/// Minimum 1 at (0.7, 0.7, …).
private func bowl(_ x: [Double]) -> Double {
  var sum = 1.0
  for (i, value) in x.enumerated() {
    let d = value - 0.7
    sum += Double(1 + i) * d * d + 0.3 * d * d * d * d
  }
  return sum
}

private func minimizeBowl(
  _ algorithm: MinimizerAlgorithm, n: Int, lower: Double = 0,
  stopping: StoppingRule = StoppingRule(maximumEvaluations: 5000, absoluteX: 1e-7),
  _ objective: ([Double]) throws -> Double
) throws -> MinimizerResult {
  try minimize(
    algorithm, start: Array(repeating: 1.5, count: n),
    lower: Array(repeating: lower, count: n), upper: Array(repeating: .infinity, count: n),
    initialStep: Array(repeating: 0.3, count: n), stopping: stopping, objective: objective)
}

private struct Stop: Error, Equatable {}

@Suite struct MinimizeTests {
  @Test(arguments: MinimizerAlgorithm.allCases, [1, 2, 4])
  func `every algorithm finds the minimum in any dimension`(
    algorithm: MinimizerAlgorithm, n: Int
  ) throws {
    let result = try minimizeBowl(algorithm, n: n, bowl)
    #expect(result.outcome == .converged || result.outcome == .roundoffLimited)
    #expect(result.value - 1 < 1e-8)
    #expect(distance(result.x, Array(repeating: 0.7, count: n)) < 1e-4)
    #expect(bowl(result.x) == result.value)
  }

  @Test(arguments: MinimizerAlgorithm.allCases)
  func `a minimum outside is found on the bound`(algorithm: MinimizerAlgorithm) throws {
    let result = try minimizeBowl(algorithm, n: 2, lower: 1) { x in
      #expect(x.allSatisfy { $0 >= 1 })
      return bowl(x)
    }
    #expect(distance(result.x, [1, 1]) < 1e-3)
  }

  @Test func `with one unknown another algorithm steps in, and says so`() throws {
    #expect(try minimizeBowl(.newuoa_bound, n: 1, bowl).algorithm == .bobyqa)
    #expect(try minimizeBowl(.praxis, n: 1, bowl).algorithm == .bobyqa)
    #expect(try minimizeBowl(.praxis, n: 2, bowl).algorithm == .praxis)
  }

  @Test(arguments: MinimizerAlgorithm.allCases)
  func `an error of the objective ends the search and comes out`(
    algorithm: MinimizerAlgorithm
  ) {
    var calls = 0
    #expect(throws: Stop()) {
      try minimizeBowl(algorithm, n: 2) { x in
        calls += 1
        if calls == 4 { throw Stop() }
        return bowl(x)
      }
    }
    #expect(calls == 4)
  }

  @Test(arguments: MinimizerAlgorithm.allCases)
  func `the limit of evaluations is kept and the best point returned`(
    algorithm: MinimizerAlgorithm
  ) throws {
    var (calls, best) = (0, Double.infinity)
    let result = try minimizeBowl(
      algorithm, n: 3, stopping: StoppingRule(maximumEvaluations: 15, absoluteX: 1e-12)
    ) { x in
      calls += 1
      best = min(best, bowl(x))
      return bowl(x)
    }
    #expect(result.outcome == .evaluationLimit)
    #expect(calls == 15 && result.evaluations == 15)
    #expect(result.value == best && bowl(result.x) == best)
  }

  @Test(arguments: MinimizerAlgorithm.allCases, [Double.nan, .infinity, -.infinity, 1e200])
  func `values that are not finite on the way do no harm`(
    algorithm: MinimizerAlgorithm, bad: Double
  ) throws {
    // Undefined beyond 1.6, close to the start.
    let result = try minimizeBowl(algorithm, n: 2) { x in
      x.contains { $0 > 1.6 } ? bad : bowl(x)
    }
    #expect(result.value.isFinite && result.value < 1.2)
    #expect(result.evaluations <= 5000)
  }

  @Test(arguments: MinimizerAlgorithm.allCases)
  func `a start that is not finite is a failure, not a hang`(
    algorithm: MinimizerAlgorithm
  ) throws {
    let result = try minimizeBowl(algorithm, n: 2) { _ in .nan }
    guard case .failed = result.outcome else {
      Issue.record("\(result.outcome)")
      return
    }
    #expect(result.evaluations == 1)
    #expect(result.value.isNaN)
    #expect(result.x == [1.5, 1.5])
  }

  @Test(arguments: MinimizerAlgorithm.allCases)
  func `a constant objective ends`(algorithm: MinimizerAlgorithm) throws {
    let result = try minimizeBowl(algorithm, n: 2) { _ in 3 }
    #expect(result.value == 3)
  }

  @Test(arguments: MinimizerAlgorithm.allCases, [1, 2, 5])
  func `an objective of pure nonsense ends too`(
    algorithm: MinimizerAlgorithm, n: Int
  ) throws {
    for seed in 0..<20 {
      var random = SplitMix64(seed: UInt64(seed))
      var calls = 0
      let nonsense = [Double.nan, .infinity, -.infinity, 1e99, -1e99, 0, 1e-300, 1e300]
      let result = try minimizeBowl(
        algorithm, n: n, stopping: StoppingRule(maximumEvaluations: 500, absoluteX: 1e-9)
      ) { _ in
        calls += 1
        return calls == 1 || calls % 3 == 0
          ? random.symmetric() : nonsense.randomElement(using: &random)!
      }
      #expect(result.evaluations <= 500 && result.value.isFinite)
    }
  }

  @Test func `coordinates without room stay, starts outside are moved in`() throws {
    let result = minimize(
      .bobyqa, start: [5, 9, -3], lower: [0, 2, 0], upper: [1, 2, .infinity],
      initialStep: [0.5, 0.1, 0], stopping: StoppingRule(absoluteX: 1e-8)
    ) { x in
      #expect(x[1] == 2)
      return bowl(x)
    }
    #expect(distance(result.x, [0.7, 2, 0.7]) < 1e-5)
    let fixed = minimize(
      .sbplx, start: [0], lower: [2], upper: [2], initialStep: [1], stopping: StoppingRule(),
      objective: bowl)
    #expect(fixed.x == [2] && fixed.evaluations == 1 && fixed.outcome == .converged)
    let none = minimize(
      .bobyqa, start: [], lower: [], upper: [], initialStep: [], stopping: StoppingRule(),
      objective: bowl)
    #expect(none.value == 1 && none.outcome == .converged)
  }

  @Test(arguments: MinimizerAlgorithm.allCases)
  func `two runs are the same`(algorithm: MinimizerAlgorithm) throws {
    #expect(
      try minimizeBowl(algorithm, n: 3, bowl) == minimizeBowl(algorithm, n: 3, bowl))
  }

  @Test(arguments: [
    ("bobyqa", MinimizerAlgorithm.bobyqa), ("NLOPT_LN_BOBYQA", .bobyqa), ("nloptwrap", .bobyqa),
    ("Nelder_Mead", .neldermead), ("NLOPT_LN_NELDERMEAD", .neldermead),
    ("nelder-mead", .neldermead), ("LN_COBYLA", .cobyla), ("subplex", .sbplx),
    ("newuoa_bound", .newuoa_bound), ("NLOPT_LN_NEWUOA_BOUND", .newuoa_bound),
    ("PRAXIS", .praxis),
  ]) func `names are understood as lme4 and NLopt spell them`(
    name: String, algorithm: MinimizerAlgorithm
  ) {
    #expect(MinimizerAlgorithm(name: name) == algorithm)
  }

  @Test func `other names are not`() {
    for name in ["", "nlopt", "ln_", "L-BFGS", "NLOPT_LD_MMA"] {
      #expect(MinimizerAlgorithm(name: name) == nil)
    }
  }
}
