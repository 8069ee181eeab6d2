// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Testing

struct MonteCarloErrorsTests {
  private func fit(_ design: SimulationDesign, seed: UInt64, _ solver: String) throws -> Fit {
    var options = FitOptions()
    options.solver = solver
    options.accuracy = 1  // the fewest probes
    return try Fit(Formula(design.formula), data: [design.table(seed: seed)], options: options)
  }

  /// The standard errors stated are those of the distance from the exact fit.
  @Test func `θ, σ and β are as far from the exact ones as is stated`() throws {
    let design = try simulatedDesign(
      "ratings100k", rows: 6000, levels: ["user": 400, "item": 250])
    var scores: [String: [Double]] = [:]
    for seed in 1...16 as ClosedRange<UInt64> {
      let estimated = try fit(design, seed: seed, "matrix-free")
      let exact = try fit(design, seed: seed, "absorb")
      let errors = try #require(estimated.solver.monteCarloErrors)
      let error = try #require(estimated.solver.criterionStandardError)
      #expect(exact.solver.monteCarloErrors == nil)
      scores["criterion", default: []].append((estimated.criterion - exact.criterion) / error)
      for k in errors.theta.indices {
        let gap = estimated.theta.values[k] - exact.theta.values[k]
        scores["theta", default: []].append(gap / errors.theta[k])
      }
      scores["sigma", default: []].append((estimated.sigma - exact.sigma) / errors.sigma)
      let β = zip(estimated.fixedEffects, exact.fixedEffects).map { $0.estimate! - $1.estimate! }
      scores["fixed", default: []].append(β[0] / errors.fixed[0])
    }
    for (name, scores) in scores {
      // 16 probes: the scores are Student's with 15 degrees of freedom, mean square 1.15.
      let square = scores.reduce(0) { $0 + $1 * $1 } / Double(scores.count)
      #expect(square > 0.3 && square < 3.5, "\(name): \(square)")
    }
  }

  @Test func `reports state the errors`() throws {
    let design = try simulatedDesign(
      "ratings100k", rows: 6000, levels: ["user": 400, "item": 250])
    let fit = try fit(design, seed: 1, "matrix-free")
    let json = JSONReport().text(for: fit)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let solver = try #require(object["solver"] as? [String: Any])
    #expect(solver["theta_std_error"] as? [Double] == fit.solver.monteCarloErrors?.theta)
    #expect(solver["criterion_std_error"] as? Double == fit.solver.criterionStandardError)
    let text = SummaryReport(isVerbose: true).text(for: fit)
    #expect(text.contains("Criterion is stochastic: standard error"))
    #expect(text.contains("(matrix-free, 16 probes)"))
    #expect(text.contains("Standard errors over the choice of 16 probes:"))
  }
}
