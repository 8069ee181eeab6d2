// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import NumericalMethods
import Testing

/// What a likelihood-ratio statistic from estimated criteria can say.
@Suite struct `Errors of statistics` {
  private func pValue(_ statistic: Double) -> Double {
    ChiSquared(degreesOfFreedom: 1).cumulative(statistic, tail: .upper)
  }

  private func solver(_ values: [Double], error: Double?) -> SolverSummary {
    var solver = SolverSummary(strategy: "matrix-free")
    solver.criterionStandardError = error
    (solver.probes, solver.probeLogDeterminants) = (values.count, values)
    return solver
  }

  /// χ²₁'s critical value is 3.8415: at 3.9 an error of 0.1 leaves it open, one of 0.01 does not.
  @Test func `three errors must be on one side of the critical value`() {
    let open = StatisticError(standardError: 0.1, probes: 8)
    #expect(!open.decides(3.9, pValue) && !open.decides(3.7, pValue))
    #expect(open.decides(4.2, pValue) && open.decides(3.5, pValue))
    #expect(StatisticError(standardError: 0.01, probes: 8).decides(3.9, pValue))
  }

  /// 8 (3 · 0.1 / (3.9 − 3.841459))² = 210.1
  @Test func `the note tells how many vectors would decide`() {
    let open = StatisticError(standardError: 0.1, probes: 8)
    #expect(open.note(3.9, df: 1).contains("about 211 random vectors"))
    #expect(!open.note(9, df: 1).contains("random vectors would"))
  }

  @Test func `what both models share of an error cancels`() throws {
    let noise = [0.4, -0.3, 1.1, -0.8]
    let smaller = solver(noise.map { 10 + $0 }, error: 0.4)
    let larger = solver(zip(noise, [0.01, -0.01, 0.02, -0.02]).map { 7 + $0 + $1 }, error: 0.4)
    let shared = try #require(StatisticError(smaller, larger, sharesProbes: true))
    // The standard error of the mean of ±0.01, ±0.02.
    #expect(abs(shared.standardError - (0.001 / 12).squareRoot()) < 1e-12)
    let apart = try #require(StatisticError(smaller, larger, sharesProbes: false))
    #expect(abs(apart.standardError - 0.32.squareRoot()) < 1e-12)
    #expect(StatisticError(solver([], error: nil), solver([], error: nil), sharesProbes: true) == nil)
    let one = try #require(StatisticError(nil, larger, sharesProbes: true))
    #expect(one.standardError == 0.4 && one.probes == 4)
  }
}
