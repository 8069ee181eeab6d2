// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
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

  /// Where columns of λ vanish one gradient tells second derivatives along all of them: those of four-point
  /// differences of the gradient. Columns of the design are orthogonal, so that θ and φ differ by units only,
  /// which a unit diagonal takes away.
  @Test func `a singular fit's Hessian is that of differences, with fewer gradients`() throws {
    let formula = try Formula("y ~ a * b + (a * b | subject) + (a * b | item)")
    let table = try Self.crossed(subjects: 40, items: 24, seed: 3)
    let fit = try Fit(formula, data: [table])
    let θ = fit.theta.values
    #expect(fit.convergence.converged && fit.convergence.isSingular)
    #expect(θ.count == 20 && θ.count { $0 == 0 } >= 4)
    let criterion = try Criterion(formula, data: [table])
    var H = DenseMatrix(rows: 20, columns: 20)
    for k in θ.indices {
      func slope(_ step: Double) throws -> [Double] {
        var moved = θ
        moved[k] += step
        return try criterion.gradient(moved).gradient
      }
      let h = 1e-3
      let (near, far) = (zip(try slope(h), try slope(-h)), zip(try slope(2 * h), try slope(-2 * h)))
      for (i, (one, two)) in zip(near, far).enumerated() {
        H[i, k] = (8 * (one.0 - one.1) - (two.0 - two.1)) / (12 * h)
      }
    }
    let scales = H.diagonal.map { 1 / $0.squareRoot() }
    for k in 0..<20 { for i in 0..<20 { H[i, k] *= scales[i] * scales[k] } }
    let least = try #require(symmetricEigenvalues(0.5 * (H + H.transposed)).first)
    #expect(abs(least - (try #require(fit.convergence.hessianMinEigenvalue))) < 1e-5 * least)
    #expect(fit.convergence.gradients < 2 * θ.count + fit.convergence.evaluations / 2)
  }
}
