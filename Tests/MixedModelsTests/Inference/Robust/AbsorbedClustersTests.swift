// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Cluster-robust covariances beside absorbed factors are those of the regression with all levels written out.
@Suite struct AbsorbedClustersTests {
  /// Firms in regions; workers move between firms, and years run through both.
  private static func table(weighted: Bool) throws -> ColumnTable {
    var random = SplitMix64(seed: 12)
    var (y, x, z, w): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    var (firm, region, year): ([String], [String], [String]) = ([], [], [])
    for row in 0..<240 {
      let f = random.below(20)
      firm.append("f\(f)")
      region.append("r\(f % 8)")
      year.append("t\(row % 4)")
      x.append(random.normal() + 0.3 * Double(f % 8))
      z.append(random.normal())
      w.append(weighted ? 0.5 + random.uniform() : 1)
      y.append(0.4 * x.last! - 0.2 * z.last! + 0.1 * Double(f) + Double(row % 4) + random.normal() * (1 + 0.1 * Double(f % 8)))
    }
    return try ColumnTable([
      "y": .numbers(y), "x": .numbers(x), "z": .numbers(z), "w": .numbers(w), "firm": .labels(firm),
      "region": .labels(region), "year": .labels(year),
    ])
  }

  private static func fit(
    _ formula: String, _ kind: CoefficientCovariance, by clusters: String, weighted: Bool
  ) throws -> Fit {
    var options = FitOptions()
    (options.clusters, options.coefficientCovariance) = (clusters, kind)
    options.weights = weighted ? "w" : nil
    options.sparseFixed = .none
    return try Fit(Formula(formula), data: [table(weighted: weighted)], options: options)
  }

  private static func expectSame(_ absorbed: Fit, _ written: Fit, df: Double? = nil) throws {
    #expect(absorbed.robustCovariance?.clusterCount == written.robustCovariance?.clusterCount)
    for own in absorbed.fixedEffects {
      let other = try #require(written.fixedEffects.first { $0.name == own.name })
      #expect(abs(own.estimate! - other.estimate!) < 1e-9)
      #expect(abs(own.standardError! / other.standardError! - 1) < 1e-9, "\(own.name)")
      let expected = try #require(df ?? other.degreesOfFreedom)
      #expect(abs(own.degreesOfFreedom! / expected - 1) < 1e-6, "\(own.name)")
    }
  }

  @Test(
    arguments: [CoefficientCovariance.cr0, .cr1, .cr2, .cr3], ["firm", "region"])
  func `clusters of whole levels`(kind: CoefficientCovariance, clusters: String) throws {
    try Self.expectSame(
      Self.fit("y ~ x + z | firm", kind, by: clusters, weighted: false),
      Self.fit("y ~ firm + x + z", kind, by: clusters, weighted: false))
  }

  @Test(arguments: [CoefficientCovariance.cr0, .cr1], [false, true])
  func `clusters that levels straddle`(kind: CoefficientCovariance, weighted: Bool) throws {
    let absorbed = try Self.fit("y ~ x + z | firm + year", kind, by: "region", weighted: weighted)
    try Self.expectSame(
      absorbed, Self.fit("y ~ firm + year + x + z", kind, by: "region", weighted: weighted), df: 7)
    for other in [CoefficientCovariance.cr2, .cr3] {
      let error = #expect(throws: InferenceError.self) {
        try Self.fit("y ~ x + z | firm + year", other, by: "region", weighted: weighted)
      }
      #expect(error.map { "\($0)".contains("whole levels of absorbed factors") } == true)
    }
  }

  @Test func `random effects beside them are refused`() throws {
    #expect(throws: InferenceError.self) {
      try Self.fit("y ~ x + (1 | year) | firm", .cr1, by: "firm", weighted: false)
    }
  }
}
