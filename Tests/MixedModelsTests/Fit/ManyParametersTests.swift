// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies
import Testing

@Suite struct `Models with many parameters` {
  /// Two crossed factors with 8 × 8 covariances, a singular fit.
  @Test func `72 θ converge with a certificate`() throws {
    let design = try SimulationDesign(workload: "maximal2k")
    var bytes: [UInt8] = []
    try Simulation(design, seed: 1).writeCSV { bytes += $0 }
    let fit = try Fit(Formula(design.formula), data: [.bytes(bytes, name: design.name)])
    #expect(fit.theta.values.count == 72)
    #expect(fit.convergence.converged, "\(fit.convergence.messages)")
    #expect(try #require(fit.convergence.gradientMax) < 1e-3)
    #expect(try #require(fit.convergence.hessianMinEigenvalue) > -1e-6)
  }
}
