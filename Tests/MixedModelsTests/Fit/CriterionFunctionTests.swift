// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies
import TestSupport
import Testing

struct CriterionTests {
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
    let criterion = try Criterion(Formula(formula), data: [data()], options: options)
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

  /// Four-point differences in θ, in the reported coordinates of covariates far from zero.
  @Test(arguments: [
    ("Reaction ~ Days + (Days | Subject)", "sleepstudy.csv", [0.9, 0.1, 0.2]),
    ("Reaction ~ Days + (I(Days + 30) || Subject)", "sleepstudy.csv", [0.8, 0.05]),
    ("diameter ~ 1 + (1 | plate) + (1 | sample)", "penicillin.csv", [1.2, 3.1]),
  ])
  func `the gradient in θ is that of differences`(
    formula: String, file: String, theta: [Double]
  ) throws {
    let criterion = try Criterion(Formula(formula), data: [.file(Files.data(file))])
    let (value, gradient) = try criterion.gradient(theta)
    #expect(try criterion(theta) == value)
    for k in theta.indices {
      func at(_ step: Double) throws -> Double {
        var moved = theta
        moved[k] += step
        return try criterion(moved)
      }
      let h = 1e-3 * max(abs(theta[k]), 0.1)
      let slope = try (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
      #expect(abs(gradient[k] - slope) <= 1e-6 * max(abs(slope), 1))
    }
  }
}
