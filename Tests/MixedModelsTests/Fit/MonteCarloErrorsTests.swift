// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Reports
import Studies
import Testing

struct MonteCarloErrorsTests {
  private func fit(
    _ design: SimulationDesign, _ solver: String, probeSeed: UInt64 = 1
  ) throws -> Fit {
    var options = FitOptions()
    (options.solver, options.probeSeed) = (solver, probeSeed)
    options.accuracy = 1  // the fewest probes
    return try Fit(Formula(design.formula), data: [design.table(seed: 1)], options: options)
  }

  /// Over 100 choices of 16 probes: squares of (estimate − exact) / stated error are on average
  /// 15 / 13, and Student's t with 15 degrees of freedom covers 95 % of them.
  @Test func `errors of criterion, θ, σ and β are honest`() throws {
    let design = try simulatedDesign(
      "ratings100k", rows: 6000, levels: ["user": 400, "item": 250])
    let exact = try fit(design, "cholmod")
    var squares: [String: [Double]] = [:]
    for seed in 1...100 {
      let estimate = try fit(design, "matrix-free", probeSeed: UInt64(seed))
      let errors = try #require(estimate.solver.monteCarloErrors)
      #expect(errors.probes == 16)
      func add(_ name: String, _ value: Double, _ truth: Double, _ error: Double) {
        squares[name, default: []].append(pow((value - truth) / error, 2))
      }
      add(
        "criterion", estimate.criterion, exact.criterion,
        try #require(estimate.solver.criterionStandardError))
      for (k, name) in exact.theta.names.enumerated() {
        add(name, estimate.theta.values[k], exact.theta.values[k], errors.theta[k])
      }
      add("sigma", estimate.sigma, exact.sigma, errors.sigma)
      add(
        "beta", try #require(estimate.fixedEffects[0].estimate),
        try #require(exact.fixedEffects[0].estimate), errors.fixed[0])
    }
    #expect(squares.count == 5)
    for (name, values) in squares {
      let mean = values.reduce(0, +) / 100
      #expect((0.7...1.8).contains(mean), "\(name): \(mean)")
      let covered = values.count { $0 <= 2.131 * 2.131 }
      #expect(covered >= 88, "\(name): \(covered) of 100")
    }
  }

  @Test func `reports state the errors`() throws {
    let design = try simulatedDesign(
      "ratings100k", rows: 6000, levels: ["user": 400, "item": 250])
    let fit = try fit(design, "matrix-free")
    let json = fit.json
    // As text: not every reader of JSON has the last digit right.
    let error = try #require(fit.solver.criterionStandardError)
    let theta = try #require(fit.solver.monteCarloErrors?.theta)
    let listed = theta.map { "\($0)" }.joined(separator: ", ")
    #expect(json.contains("\"criterion_std_error\": \(error),"))
    #expect(json.contains("\"theta_std_error\": [\(listed)],"))
    let text = fit.report(isVerbose: true).text()
    #expect(text.contains("Criterion is stochastic: standard error"))
    #expect(text.contains("(matrix-free, 16 probes)"))
    #expect(text.contains("Standard errors over the choice of 16 probes:"))
  }
}
