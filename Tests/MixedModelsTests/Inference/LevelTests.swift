// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import Testing

/// Small simulations under the null hypothesis, the same on every run.
@Suite struct `Tests keep their level` {
  /// A balanced table: x varies between groups only, so that its test has few degrees of freedom.
  private func table(
    groups: Int, rows: Int, sd: Double, slope: Double = 0, stream: inout RandomStream
  ) -> DataSource {
    var text = "y,x,g\n"
    var noise = [Double](repeating: 0, count: groups * (rows + 2))
    stream.fillNormal(&noise)
    for g in 0..<groups {
      for i in 0..<rows {
        let y = slope * noise[groups + g] + sd * noise[g] + noise[2 * groups + g * rows + i]
        text += "\(y),\(noise[groups + g]),\(g)\n"
      }
    }
    return .bytes(Array(text.utf8), name: "null.csv")
  }

  /// Six groups: the normal test rejects far more often than it says.
  @Test func `Kenward–Roger where the normal test does not`() throws {
    var (kenwardRoger, normal) = (0, 0)
    let count = 600
    for k in 0..<count {
      var stream = RandomStream(seed: 5, block: UInt64(k))
      let fitted = try FittedModel(
        Formula("y ~ x + (1 | g)"),
        data: [table(groups: 6, rows: 5, sd: 1.5, stream: &stream)])
      if try fitted.coefficientTests(.kenwardRoger)[1].pValue! < 0.05 { kenwardRoger += 1 }
      if try fitted.coefficientTests(.none)[1].pValue! < 0.05 { normal += 1 }
    }
    let error = (0.05 * 0.95 / Double(count)).squareRoot()
    #expect(abs(Double(kenwardRoger) / Double(count) - 0.05) <= 3 * error)
    #expect(Double(normal) / Double(count) >= 0.05 + 5 * error)
  }

  /// Six groups: Satterthwaite's degrees of freedom keep the level where the normal test does not,
  /// and the test has about the power of Student's t for the group means.
  @Test func `Satterthwaite where the normal test does not, with power`() throws {
    var (satterthwaite, normal, power) = (0, 0, 0)
    let count = 600
    // Slope of x between groups whose means have standard deviation √(1.5² + 1/5): about 2 of its
    // standard errors for six values of x.
    let slope = 1.8
    for k in 0..<count {
      var stream = RandomStream(seed: 15, block: UInt64(k))
      let null = try FittedModel(
        Formula("y ~ x + (1 | g)"),
        data: [table(groups: 6, rows: 5, sd: 1.5, stream: &stream)])
      if try null.coefficientTests(.satterthwaite)[1].pValue! < 0.05 { satterthwaite += 1 }
      if try null.coefficientTests(.none)[1].pValue! < 0.05 { normal += 1 }
      var other = RandomStream(seed: 16, block: UInt64(k))
      let fitted = try FittedModel(
        Formula("y ~ x + (1 | g)"),
        data: [table(groups: 6, rows: 5, sd: 1.5, slope: slope, stream: &other)])
      if try fitted.coefficientTests(.satterthwaite)[1].pValue! < 0.05 { power += 1 }
    }
    let error = (0.05 * 0.95 / Double(count)).squareRoot()
    #expect(abs(Double(satterthwaite) / Double(count) - 0.05) <= 3 * error)
    #expect(Double(normal) / Double(count) >= 0.05 + 5 * error)
    let expected = groupMeansPower(slope: slope, groups: 6, variance: 1.5 * 1.5 + 0.2)
    let spread = (expected * (1 - expected) / Double(count)).squareRoot()
    #expect(abs(Double(power) / Double(count) - expected) <= 4 * spread, "\(power) \(expected)")
  }

  /// The power of the t test of a regression on normal x among group means, by simulation.
  private func groupMeansPower(slope: Double, groups: Int, variance: Double) -> Double {
    let draws = 20_000
    let df = Double(groups - 2)
    let critical = StudentT(degreesOfFreedom: df).quantile(0.025, tail: .upper)
    var stream = RandomStream(seed: 17)
    var normal = [Double](repeating: 0, count: draws)
    stream.fillNormal(&normal)
    let rejections = normal.count { z in
      let Sxx = stream.chiSquared(groups - 1)
      let noise = (stream.chiSquared(groups - 2) / df).squareRoot()
      return abs((slope * (Sxx / variance).squareRoot() + z) / noise) > critical
    }
    return Double(rejections) / Double(draws)
  }

  /// Forty groups, no variance between them: half of the statistics are zero; the mixture's p-value
  /// is uniform below ½, the naive one is twice as large.
  @Test func `the mixture where naive p-values are too large`() throws {
    var below: [Double: (mixture: Int, naive: Int)] = [:]
    let count = 600
    let levels = [0.05, 0.1, 0.2, 0.4]
    for k in 0..<count {
      var stream = RandomStream(seed: 6, block: UInt64(k))
      let fitted = try FittedModel(
        Formula("y ~ x + (1 | g)"),
        data: [table(groups: 40, rows: 5, sd: 0, stream: &stream)])
      let row = try fitted.randomTermDeletions().rows[1]
      for level in levels {
        if row.test!.mixturePValue! < level { below[level, default: (0, 0)].mixture += 1 }
        if row.test!.naivePValue! < level { below[level, default: (0, 0)].naive += 1 }
      }
    }
    for level in levels {
      let error = (level * (1 - level) / Double(count)).squareRoot()
      // The limit is for many groups; with 40 a little more than half of the mass lies at zero.
      #expect(abs(Double(below[level]!.mixture) / Double(count) - level) <= 3.5 * error)
      #expect(Double(below[level]!.naive) / Double(count) <= level - 3 * error)
    }
  }

  /// Six groups, no variance between them: far from the limit, where simulation is right.
  @Test(arguments: [CriterionKind.reml, .ml])
  func `the exact test with few groups`(kind: CriterionKind) throws {
    var options = FitOptions()
    options.criterion = kind
    let levels = [0.05, 0.1, 0.2]
    var below = levels.map { _ in 0 }
    let count = 500
    for k in 0..<count {
      var stream = RandomStream(seed: 8, block: UInt64(k))
      let fitted = try FittedModel(
        Formula("y ~ x + (1 | g)"),
        data: [table(groups: 6, rows: 5, sd: 0, stream: &stream)], options: options)
      let row = try fitted.randomTermDeletions(
        boundary: .exact, simulations: 400, seed: UInt64(k)
      ).rows[1]
      for (i, level) in levels.enumerated() where row.test!.exact!.pValue < level { below[i] += 1 }
    }
    for (level, hits) in zip(levels, below) {
      let error = (level * (1 - level) / Double(count)).squareRoot()
      #expect(abs(Double(hits) / Double(count) - level) <= 3.5 * error, "\(level): \(hits)")
    }
  }
}
