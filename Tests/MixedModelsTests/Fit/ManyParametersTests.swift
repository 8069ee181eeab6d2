// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Studies
import TestSupport
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

  /// Every subject sees every item in one of four conditions; only intercepts vary.
  private static func crossed(subjects: Int, items: Int, seed: UInt64) throws -> ColumnTable {
    var random = SplitMix64(seed: seed)
    let own = (0..<subjects).map { _ in random.normal() }
    let shared = (0..<items).map { _ in 0.7 * random.normal() }
    var numbers = [[Double]](repeating: [], count: 3)
    var labels = [[String]](repeating: [], count: 2)
    for s in 0..<subjects {
      for i in 0..<items {
        let (a, b) = ((s + i) & 1 == 0 ? 0.5 : -0.5, (s + i) >> 1 & 1 == 0 ? 0.5 : -0.5)
        for (k, x) in [own[s] + shared[i] + random.normal(), a, b].enumerated() { numbers[k].append(x) }
        for (k, label) in ["s\(s)", "i\(i)"].enumerated() { labels[k].append(label) }
      }
    }
    let columns = numbers.map(ColumnTable.Column.numbers) + labels.map(ColumnTable.Column.labels)
    return try ColumnTable(Array(zip(["y", "a", "b", "subject", "item"], columns)), name: "crossed.csv")
  }

  /// Where columns of λ vanish one gradient tells second derivatives along all of them. Differences along every
  /// coordinate give this criterion, and at the optimum this eigenvalue and first degrees of freedom; a search with
  /// them takes 53 gradients, and one that does not know how Σ = TTᵀ is curved there 30 evaluations more.
  @Test func `a singular fit's Hessian is that of differences, with fewer gradients`() throws {
    let formula = try Formula("y ~ a * b + (a * b | subject) + (a * b | item)")
    let table = try Self.crossed(subjects: 40, items: 24, seed: 3)
    let fit = try Fit(formula, data: [table])
    #expect(fit.convergence.converged && fit.convergence.isSingular)
    #expect(fit.theta.values.count == 20 && fit.theta.values.count { $0 == 0 } == 4)
    #expect(abs(fit.criterion - 2916.5637631271807) < 1e-7)
    #expect(fit.convergence.gradients < 53 && fit.convergence.evaluations < 20)
    var options = FitOptions()
    options.start = fit.theta.values
    let settled = try Fit(formula, data: [table], options: options)
    let least = try #require(settled.convergence.hessianMinEigenvalue)
    #expect(abs(least - 0.5656263609440094) < 1e-6)
    let df = try #require(settled.fixedEffects[0].degreesOfFreedom)
    #expect(abs(df - 55.67273646408063) < 1e-5)
    // The search ended near enough for that.
    #expect(abs(try #require(fit.fixedEffects[0].degreesOfFreedom) / df - 1) < 1e-5)
  }
}
