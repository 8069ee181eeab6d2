// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Interactions of two factors as sparse columns of the cells that occur.
@Suite struct `Cells of two factors as sparse columns` {
  private typealias Sparse = `Sparse columns of the fixed part`

  /// f has 6 levels and h 5, of whose 30 cells some do not occur; u is constant in levels of f, z in cells.
  private static func rows(empty: Set<Int>) -> [any TableSource] {
    var random = SplitMix64(seed: 31)
    var text = "y,f,h,x,u,z,g\n"
    for row in 0..<240 {
      let cell = row * 7 % 30
      guard !empty.contains(cell) else { continue }
      let (f, h, x) = (cell % 6, cell / 6, random.normal())
      let y = 3 + x / 2 + Double(f * h % 4) - Double(f) / 3 + random.normal()
      text += "\(y),l\(f),k\(h),\(x),\(f % 3),\(cell * cell % 7),\(random.below(8))\n"
    }
    return [.bytes(Array(text.utf8), name: "cells.csv")]
  }

  /// Cells f + 6h: scattered ones, the first of all, those of the first levels, and two sets that nothing connects.
  private static let patterns: [Set<Int>] = [
    [8, 15, 22], [0, 9, 29], [1, 2, 6, 12, 20], [0, 1, 2, 6, 12, 18, 26],
    Set((0..<30).filter { ($0 % 6 < 3) != ($0 / 6 < 2) }).union([7]),
    Set((0..<30).filter { ($0 % 6 < 3) == ($0 / 6 < 2) }),
  ]

  @Test(
    arguments: patterns,
    [
      "y ~ f * h + (1 | g)", "y ~ h * f + x + (x | g)", "y ~ f + f:h + (1 | g)", "y ~ x + h + f:h + (1 | g)",
      "y ~ x + f:h + (1 | g)", "y ~ u + z + f * h + (1 | g)", "y ~ z + f + u + h + f:h", "y ~ z + x + h:f",
    ])
  func `columns are dropped in R's order`(empty: Set<Int>, formula: String) throws {
    let isReversed = formula.contains("h * f") || formula.contains("h + f:h") || formula.contains("h:f")
    func name(_ f: String, _ h: String) -> String {
      isReversed && !formula.contains("f + u") ? "h\(h):f\(f)" : "f\(f):h\(h)"
    }
    try Sparse.expectDropped(
      formula, Self.rows(empty: empty), ["f"], [:],
      [
        "(Intercept)", "fl1", "hk3", "fl2 - fl5", "hk4 + fl3", "z", "u", "x", "`\(name("l4", "k3"))`", "`\(name("l5", "k4"))`",
        "`\(name("l3", "k4"))` - `\(name("l5", "k2"))`", "fl1 + `\(name("l1", "k1"))`",
        "(Intercept) + fl5 + hk2 + `\(name("l5", "k2"))`",
      ])
  }

  @Test func `fits, degrees of freedom and the deletion are those of dense columns`() throws {
    func fitted(_ sparse: SparseFixedEffects) throws -> FittedModel {
      try Sparse.fitted("y ~ x + f * h + (1 | g)", Self.rows(empty: Self.patterns[2]), sparse)
    }
    let (dense, sparse) = (try fitted(.none), try fitted(.factors(["f:h"])))
    let (a, b) = (try dense.tested(), try sparse.tested())
    #expect(abs(a.criterion - b.criterion) < 1e-8 && b.sparse.map(\.name) == ["f:h"])
    for (a, b) in zip(a.fixedEffects, b.fixedEffects) {
      #expect(a.name == b.name)
      Sparse.expectEqual(a.estimate, b.estimate, 1e-6, a.name)
      Sparse.expectEqual(a.degreesOfFreedom, b.degreesOfFreedom, 1e-4, "df of \(a.name)")
    }
    let (rows, others) = (
      try dense.singleTermDeletions(.satterthwaite).rows, try sparse.singleTermDeletions(.satterthwaite).rows
    )
    #expect(rows.map(\.name) == ["x", "f:h"] && others.map(\.name) == ["x", "f:h"])
    for (a, b) in zip(rows, others) {
      #expect(a.numeratorDF == b.numeratorDF)
      Sparse.expectEqual(a.statistic, b.statistic, 1e-5, "F of \(a.name)")
      Sparse.expectEqual(a.denominatorDF, b.denominatorDF, 1e-4, "df of \(a.name)")
    }
    let (r, q) = (try dense.varianceExplained(), try sparse.varianceExplained())
    #expect(abs(r.marginalR² - q.marginalR²) < 1e-6)
    for action: () throws -> Void in [
      { _ = try sparse.anova(type: .marginalMeans, .residual) },
      { _ = try sparse.marginalMeans(MeansSpecification("~ f"), MeansOptions()) },
    ] {
      let error = #expect(throws: InferenceError.self) { try action() }
      #expect(error.map { "\($0)".contains("(f:h)") } == true)
    }
  }

  /// 230 × 3 cells, a fifth of them empty: the space is that of one factor, and the coding's determinant is 1.
  @Test func `many cells are sparse unasked`() throws {
    var text = "y,f,h,c,x,g\n"
    for row in 0..<2600 {
      let (f, h) = (row % 230, row * row % 11 % 3)
      guard (f + 2 * h) % 5 > 0 else { continue }
      text += "\(row * row % 41),l\(f),k\(h),\(f)-\(h),\(row % 13),\(row * 5 % 17)\n"
    }
    let data: [any TableSource] = [.bytes(Array(text.utf8), name: "cells.csv")]
    let set = { (options: inout FitOptions) in options.knownTheta = [0.4] }
    let cells = try Sparse.fitted("y ~ x + f * h + (1 | g)", data, .automatic, set)
    let one = try Sparse.fitted("y ~ x + c + (1 | g)", data, .factors(["c"]), set)
    #expect(cells.fit.sparse.map(\.name) == ["f:h"])
    #expect(cells.fit.fixedEffects.count == 230 * 3 + 1 && cells.fit.fixedEffectCount == one.fit.fixedEffectCount)
    #expect(abs(cells.fit.criterion - one.fit.criterion) < 1e-8)
    let (a, b) = (try cells.tested().fixedEffects, try one.tested().fixedEffects)
    let (x, other) = (try #require(a.first { $0.name == "x" }), try #require(b.first { $0.name == "x" }))
    Sparse.expectEqual(x.standardError, other.standardError, 1e-10, "SE of x")
    let folder = try TemporaryFolder()
    try cells.save(to: folder.path + "/fit.lmm")
    let again = try FittedModel(contentsOf: folder.path + "/fit.lmm")
    for (a, b) in zip(a, try again.tested().fixedEffects) {
      Sparse.expectEqual(a.standardError, b.standardError, 1e-9, "SE of \(a.name)")
    }
  }
}
