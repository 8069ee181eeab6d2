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

  @Test func `reports state the errors`() throws {
    let design = try simulatedDesign(
      "ratings100k", rows: 6000, levels: ["user": 400, "item": 250])
    let fit = try fit(design, seed: 1, "matrix-free")
    let json = JSONReport().text(for: fit)
    // As text: not every reader of JSON has the last digit right.
    let error = try #require(fit.solver.criterionStandardError)
    let theta = try #require(fit.solver.monteCarloErrors?.theta)
    let listed = theta.map { "\($0)" }.joined(separator: ", ")
    #expect(json.contains("\"criterion_std_error\": \(error),"))
    #expect(json.contains("\"theta_std_error\": [\(listed)],"))
    let text = SummaryReport(isVerbose: true).text(for: fit)
    #expect(text.contains("Criterion is stochastic: standard error"))
    #expect(text.contains("(matrix-free, 16 probes)"))
    #expect(text.contains("Standard errors over the choice of 16 probes:"))
  }
}
