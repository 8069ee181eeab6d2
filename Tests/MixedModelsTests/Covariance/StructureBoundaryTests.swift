// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Structures on the boundary of what they may be.
@Suite struct `Boundaries of covariance structures` {
  /// Simulated with one column without a variance; and a covariance matrix of rank 1.
  @Test func `boundaries are found`() throws {
    var random = SplitMix64(seed: 4)
    var text = "y,f,g\n"
    for g in 0..<20 {
      let effect = 2 * random.normal()
      for f in 0..<3 {
        for _ in 0..<4 { text += "\(Double(f) * effect + random.normal()),\(f),g\(g)\n" }
      }
    }
    let data = DataSource.bytes(Array(text.utf8), name: "simulated.csv")
    func fit(_ term: String) throws -> Fit {
      try Fit(Formula("y ~ factor(f) + \(term)"), data: [data])
    }
    let us = try fit("(0 + factor(f) | g)")
    let fa = try fit("fa(0 + factor(f) | g, d = 1)")
    let rr = try fit("rr(0 + factor(f) | g, d = 1)")
    #expect(rr.convergence.converged && fa.convergence.converged)
    #expect(!rr.convergence.isSingular)
    #expect(fa.criterion >= us.criterion - 1e-6 && rr.criterion >= fa.criterion - 1e-6)
    let none = try fit("toep(0 + factor(f) | g)")
    #expect(none.convergence.converged && none.convergence.isSingular)
    #expect(none.criterion >= us.criterion - 1e-6)
  }

  /// Where the standard deviation is zero the likelihood does not feel ρ, and rises for one near 1 only.
  /// glmmTMB 1.1.5, REML; a search from ρ = 0.1 stays at zero with 111.7242.
  @Test func `a variance of zero is left along every correlation`() throws {
    let rows = """
      2.39 -0.67 1 1, 3.19 -0.18 1 1, 2.59 -0.07 1 1, 1.73 -0.69 2 1, 2.25 0.15 2 1, 3.86 0.55 2 1, \
      3.91 0.88 3 1, 2.97 0.45 3 1, 4.89 0.9 3 1, 4.79 1.86 1 2, 1.91 -1.14 1 2, 1.38 -0.61 2 2, \
      4.28 1.13 2 2, 3.8 0.51 3 2, 2.05 -1.3 3 2, 3.99 1.04 1 3, 3.61 -0.11 1 3, 3.08 0.19 2 3, \
      2.92 1.01 2 3, 2.53 -0.59 2 3, 4.62 1.7 3 3, 3.78 1.13 3 3, 1.16 -1.62 1 4, 3.57 0.18 1 4, \
      1.86 -0.98 1 4, 1.2 -2.74 2 4, 2.58 -0.03 2 4, 4.08 -0.44 2 4, 3.72 -0.11 3 4, 4.37 1.43 3 4, \
      4.62 1.43 3 4, 2.13 -0.8 1 5, 6.04 1.65 1 5, 2.93 0.66 1 5, 3.16 0.76 3 5, 4.95 -0.03 3 5, \
      -0.05 -1.12 3 5, 3.32 0.64 1 6, 1.46 -1.85 2 6, 2.15 0.98 2 6, 0.2 -0.95 2 6, 1.28 -0.29 3 6, \
      4.1 0.1 3 6
      """
    let text = rows.split(separator: ", ").map { $0.split(separator: " ").joined(separator: ",") }
    let fit = try Fit(
      Formula("y ~ x + ar1(0 + factor(t) | g)"),
      data: [.bytes(Array("y,x,t,g\n\(text.joined(separator: "\n"))\n".utf8), name: "flat")])
    #expect(fit.criterion < 111.715060112 + 1e-6)
  }
}
