// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

struct CriterionFunctionTests {
  private let formula = "y ~ a * b + (1 + a | subj) + (1 | item)"

  private func data() throws -> DataSource {
    var bytes: [UInt8] = []
    var design = try SimulationDesign(workload: "maximal24k")
    try design.setRows(3000)
    try Simulation(design, seed: 3).writeCSV { bytes += $0 }
    return .bytes(bytes, name: "simulated")
  }

  @Test(arguments: [CriterionKind.reml, .ml])
  func `the criterion at a fit's θ is the fit's, and no less elsewhere`(
    kind: CriterionKind
  ) throws {
    var options = FitOptions()
    options.criterion = kind
    let fit = try Fit(Formula(formula), data: [data()], options: options)
    let criterion = try CriterionFunction(Formula(formula), data: [data()], options: options)
    #expect(criterion.thetaNames == fit.theta.names)
    #expect(try abs(criterion(fit.theta.values) - fit.criterion) < 1e-8 * abs(fit.criterion))
    for k in fit.theta.values.indices {
      for step in [-0.05, 0.05] {
        var theta = fit.theta.values
        theta[k] += step
        #expect(try criterion(theta) > fit.criterion)
      }
    }
    #expect(throws: FitError.self) { try criterion([1]) }
  }

  @Test func `cross-products count the rows`() throws {
    #expect(try CrossProducts(Formula(formula), data: [data()]).observations == 3000)
  }
}
