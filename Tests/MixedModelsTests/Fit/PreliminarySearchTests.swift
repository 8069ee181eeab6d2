// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Searches whose evaluations are expensive go most of the way with a rough estimate of the criterion.
@Suite("Rough searches before expensive ones") struct PreliminarySearchTests {
  private static func fit(
    _ design: SimulatedDesign, _ solver: String, accuracy: Double = 0.01, start: [Double]? = nil
  ) throws -> Fit {
    var options = design.options
    (options.solver, options.accuracy, options.start) = (solver, accuracy, start)
    return try Fit(Formula(design.formula), data: [design.source], options: options)
  }

  @Test func `exact fits are the same, in fewer exact evaluations`() throws {
    let design = SimulatedDesign(
      formula: "y ~ x + (1 | a) + (1 | b)", rows: 30_000, levels: (4000, 3000, 1))
    let rough = try Self.fit(design, "absorb")
    // A start that is given is kept, and nothing goes before it.
    let direct = try Self.fit(design, "absorb", start: [1, 1])
    #expect(rough.convergence.preliminaryEvaluations > 1)
    #expect(direct.convergence.preliminaryEvaluations == 0)
    #expect(rough.convergence.evaluations < direct.convergence.evaluations)
    #expect(rough.solver.criterionStandardError == nil)
    #expect(abs(rough.criterion - direct.criterion) <= 1e-10 * direct.criterion)
    for (a, b) in zip(rough.theta.values, direct.theta.values) { #expect(abs(a - b) < 1e-6) }
    #expect(rough.convergence.converged)
    #expect(rough.convergence.trace.allSatisfy { $0.criterion >= rough.criterion - 1e-6 })
  }

  @Test func `an estimated criterion gets its probes where the search has led`() throws {
    let design = SimulatedDesign(
      formula: "y ~ x + (0 + z | a) + (1 | b)", rows: 20_000, levels: (1600, 1200, 1))
    let exact = try Self.fit(design, "cholmod")
    let estimate = try Self.fit(design, "matrix-free", accuracy: 0.015)
    let error = try #require(estimate.solver.criterionStandardError)
    #expect(error <= 0.03)
    #expect(try #require(estimate.solver.probes) > 16)
    #expect(estimate.convergence.preliminaryEvaluations > 1)
    #expect(estimate.convergence.converged)
    #expect(abs(estimate.criterion - exact.criterion) <= 4 * error)
    let errors = try #require(estimate.solver.monteCarloErrors)
    for k in exact.theta.values.indices {
      #expect(abs(estimate.theta.values[k] - exact.theta.values[k]) <= 5 * errors.theta[k])
    }
  }

  @Test func `a fit that is saved is found again with probes chosen at its own optimum`() throws {
    let design = SimulatedDesign(
      formula: "y ~ x + (0 + z | a) + (1 | b)", rows: 20_000, levels: (1600, 1200, 1))
    var options = design.options
    (options.solver, options.accuracy) = ("matrix-free", 0.015)
    let folder = try TemporaryFolder()
    let path = folder.file("fit.lmm")
    let saved = try Fit(
      Formula(design.formula), data: [design.source], options: options, savingTo: path)
    let restored = try Fit(contentsOf: path, options: options)
    #expect(restored.criterion == saved.criterion)
    #expect(
      restored.convergence.preliminaryEvaluations == saved.convergence.preliminaryEvaluations)
    #expect(try #require(restored.solver.criterionStandardError) <= 0.03)
  }
}
