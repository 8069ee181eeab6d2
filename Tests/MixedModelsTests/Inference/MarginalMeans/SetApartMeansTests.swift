// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Means of the levels of factors whose columns are sparse are those of dense columns.
@Suite struct `Means of factors with sparse columns` {
  private typealias Sparse = `Sparse columns of the fixed part`

  private static func expectEqual(_ a: MarginalMeans, _ b: MarginalMeans, _ tolerance: Double) {
    #expect(a.means.map(\.labels) == b.means.map(\.labels) && a.averaged == b.averaged)
    #expect(a.differences?.count == b.differences?.count)
    let tests = zip(a.means.map(\.test), b.means.map(\.test))
    let others = zip(a.differences?.map(\.test) ?? [], b.differences?.map(\.test) ?? [])
    for (a, b) in Array(tests) + Array(others) {
      #expect(a?.name == b?.name)
      Sparse.expectEqual(a?.estimate, b?.estimate, tolerance, "\(a?.name ?? "")")
      Sparse.expectEqual(a?.standardError, b?.standardError, tolerance, "SE of \(a?.name ?? "")")
      Sparse.expectEqual(a?.df, b?.df, 100 * tolerance, "df of \(a?.name ?? "")")
      Sparse.expectEqual(a?.pValue, b?.pValue, 10 * tolerance, "p of \(a?.name ?? "")")
    }
  }

  @Test(arguments: [(6, "~ replicate"), (6, "~ replicate | recipe"), (1, "~ Machine"), (2, "~ Machine"), (4, "~ sample")])
  func `few levels are compared`(model: Int, text: String) throws {
    var options = MeansOptions()
    options.comparison = text.contains("|") ? .consecutive : .pairwise
    let specification = try MeansSpecification(text)
    Self.expectEqual(
      try Sparse.fitted(Sparse.models[model], isSparse: false).marginalMeans(specification, options),
      try Sparse.fitted(Sparse.models[model], isSparse: true).marginalMeans(specification, options), 1e-6)
  }

  /// With f nested in r the means of its levels are not determined, nor are differences between levels of r; those within
  /// one are, and are what dense columns give.
  @Test func `means that cannot be estimated are left out`() throws {
    var random = SplitMix64(seed: 8)
    var text = "y,r,f,g\n"
    for row in 0..<160 {
      let f = random.below(8)
      text += "\(Double(f) + random.normal()),r\(f % 3),f\(f),\(row % 5)\n"
    }
    func fitted(_ sparse: SparseFixedEffects) throws -> FittedModel {
      try Sparse.fitted("y ~ r + f + (1 | g)", [.bytes(Array(text.utf8), name: "t.csv")], sparse) { $0.knownTheta = [0.3] }
    }
    let (dense, sparse) = (try fitted(.none), try fitted(.factors(["f"])))
    var options = MeansOptions()
    (options.comparison, options.method) = (.pairwise, .residual)
    let (a, b) = (
      try dense.marginalMeans(MeansSpecification("~ f"), options), try sparse.marginalMeans(MeansSpecification("~ f"), options)
    )
    #expect(b.means.count == 8 && b.means.allSatisfy { $0.test == nil && $0.reason?.contains("ff") == true })
    let estimable = try #require(b.differences).filter { $0.test != nil }
    // 3, 3 and 2 levels.
    #expect(b.differences?.count == 28 && estimable.count == 3 + 3 + 1 && a.differences?.count == 7)
    for difference in estimable {
      let other = try #require(a.differences?.first { $0.name == difference.name })
      Sparse.expectEqual(other.test?.estimate, difference.test?.estimate, 1e-9, difference.name)
      Sparse.expectEqual(other.test?.standardError, difference.test?.standardError, 1e-9, difference.name)
    }
  }

  /// 310 levels, whose means come from the inverse at once; of named ones there are differences.
  @Test(arguments: [Contrast.treatment, .sum])
  func `many levels have means`(contrast: Contrast) throws {
    var text = "y,f,h,x,g\n"
    for i in 0..<1300 {
      let f = i * 7 % 310
      text += "\(i * i % 37 + f % 9),l\(f),h\(i % 3),\(i * 11 % 13),\(i * 5 % 17)\n"
    }
    func fitted(_ sparse: SparseFixedEffects) throws -> FittedModel {
      try Sparse.fitted("y ~ h + x + f + (1 | g)", [.bytes(Array(text.utf8), name: "t.csv")], sparse) {
        ($0.knownTheta, $0.contrasts) = ([0.5], ["f": contrast])
      }
    }
    let (dense, sparse) = (try fitted(.none), try fitted(.factors(["f"])))
    var options = MeansOptions()
    options.method = .residual
    for text in ["~ f", "~ f | h"] {
      let specification = try MeansSpecification(text)
      Self.expectEqual(
        try dense.marginalMeans(specification, options), try sparse.marginalMeans(specification, options), 1e-9)
    }
    options.comparison = .pairwise
    let error = #expect(throws: InferenceError.self) { try sparse.marginalMeans(MeansSpecification("~ f"), options) }
    #expect(error.map { "\($0)".contains("310 levels of f") } == true)
    options.values = ["f": ["l3", "l0", "l309"]]
    Self.expectEqual(
      try dense.marginalMeans(MeansSpecification("~ f"), options),
      try sparse.marginalMeans(MeansSpecification("~ f"), options), 1e-9)
  }
}
