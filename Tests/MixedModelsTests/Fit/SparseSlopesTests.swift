// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Slopes of a factor's levels, f:x, as sparse columns.
@Suite struct `Slopes of levels as sparse columns` {
  private typealias Sparse = `Sparse columns of the fixed part`

  /// x does not vary in level l2 and is zero in l4; z is constant within levels.
  static func rows(_ count: Int, levels: Int = 6, shift: Double = 0) -> [any TableSource] {
    var text = "y,f,x,g,z\n"
    for i in 0..<count {
      let (f, g) = (i % levels, i * 13 % 10)
      let x = f % 6 == 2 ? 1.5 : f % 6 == 4 ? 0 : Double(i * 7 % 11) - 3
      let y = Double(i * i * 37 % 23) / 4 + x * Double(f % 6) / 3 + Double(f % 6) + 2 * Double(g * 7 % 4)
      text += "\(y),l\(f),\(x + shift),\(g),\(Double(f % 3) + 0.5)\n"
    }
    return [.bytes(Array(text.utf8), name: "rows.csv")]
  }

  private static func fitted(
    _ formula: String, _ data: [any TableSource], _ sparse: SparseFixedEffects = .factors(["f"]),
    _ change: (inout FitOptions) -> Void = { _ in }
  ) throws -> FittedModel {
    try Sparse.fitted(formula, data, sparse, change)
  }

  private static func expect(_ fit: Fit, _ truth: [(String, Double?)], _ tolerance: Double) {
    #expect(fit.fixedEffects.map(\.name) == truth.map(\.0))
    for (effect, (name, value)) in zip(fit.fixedEffects, truth) {
      Sparse.expectEqual(value, effect.estimate, tolerance, name)
    }
  }

  /// lmer(y ~ z + x * f + (1 | g)), lmerTest.
  @Test func `columns are dropped and reported as R does`() throws {
    let fit = try Self.fitted("y ~ z + x * f + (1 | g)", Self.rows(90)).tested()
    #expect(fit.droppedColumns == ["fl5", "x:fl2", "x:fl4"] && fit.sparse.map(\.name) == ["f", "x:f"])
    #expect(abs(fit.criterion - 366.9860925287955) < 1e-8)
    Self.expect(
      fit,
      [
        ("(Intercept)", 2.467195685498631), ("z", 4.102670568762242), ("x", 0.208775337154954),
        ("fl1", 0.410192326474517), ("fl2", -4.920368446470007), ("fl3", 6.896356073264863),
        ("fl4", 0.678798461358000), ("fl5", nil), ("x:fl1", 0.202599997072716), ("x:fl2", nil),
        ("x:fl3", 0.535348198445866), ("x:fl4", nil), ("x:fl5", 1.480816986259458),
      ], 1e-6)
    for (name, error, df) in [
      ("z", 0.75548303604392, 11.698613589626), ("fl2", 1.49646873146736, 11.275346267320),
      ("x", 0.14687476586608, 74.075593476247), ("x:fl5", 0.20600027632440, 74.257969062427),
    ] {
      let effect = try #require(fit.fixedEffects.first { $0.name == name })
      Sparse.expectEqual(error, effect.standardError, 1e-6, name)
      Sparse.expectEqual(df, effect.degreesOfFreedom, 1e-4, name)
    }
  }

  /// lm(y ~ f * x) with the level where x is zero as the base: the last slope is dropped.
  @Test func `a base where the number is zero leaves no column out`() throws {
    let fit = try Self.fitted("y ~ f * x", Self.rows(90)) { $0.levels = ["f": ["l4", "l0", "l1", "l2", "l3", "l5"]] }
      .tested()
    Self.expect(
      fit,
      [
        ("(Intercept)", 9.299999999999999), ("fl0", -5.040963855421688), ("fl1", -0.102908726178536),
        ("fl2", -4.008862649294247), ("fl3", 2.577234242709315), ("fl5", 3.061563517915308),
        ("x", 1.883686210640609), ("fl0:x", -1.549348861243017), ("fl1:x", -1.567905535281197), ("fl2:x", nil),
        ("fl3:x", -1.322068148552179), ("fl5:x", nil),
      ], 1e-12)
  }

  /// A shift of x moves levels' effects by their slopes alone.
  @Test func `numbers far from zero cost no digits`() throws {
    let formula = "y ~ f * x + (1 | g)"
    let far = try Self.fitted(formula, Self.rows(90, shift: 4096)) { $0.knownTheta = [1] }.tested()
    let near = try Self.fitted(formula, Self.rows(90)) { $0.knownTheta = [1] }.tested()
    #expect(far.droppedColumns == near.droppedColumns)
    #expect(abs(far.criterion - near.criterion) < 1e-9)
    for (a, b) in zip(near.fixedEffects, far.fixedEffects) where a.name.hasSuffix("x") {
      Sparse.expectEqual(a.estimate, b.estimate, 1e-10, a.name)
      Sparse.expectEqual(a.standardError, b.standardError, 1e-10, a.name)
    }
  }

  /// lmer(y ~ z + x * f + (1 | g)) of thirds of x, which are rounded.
  @Test(arguments: [SparseFixedEffects.none, .factors(["f"])])
  func `a number that is zero in a level has no slope there`(sparse: SparseFixedEffects) throws {
    let fitted = try Self.fitted("y ~ z + I(x / 3) * f + (1 | g)", Self.rows(90), sparse)
    let fit = try fitted.tested()
    #expect(fit.droppedColumns == ["fl5", "I(x/3):fl2", "I(x/3):fl4"])
    #expect(abs(fit.criterion - 358.1971942194505) < 1e-7)
    Sparse.expectEqual(3 * 0.208775337154954, fit.fixedEffects[2].estimate, 1e-6, "slope")
    let row = try #require(fitted.singleTermDeletions(.residual).rows.last)
    #expect(row.numeratorDF == 3)
  }

  @Test func `contrasts, deletions and fitted values are those of dense columns`() throws {
    let formula = "y ~ z + f * x + (1 | g)"
    let set = { (options: inout FitOptions) in options.knownTheta = [1] }
    let sparse = try Self.fitted(formula, Self.rows(90), .factors(["f"]), set)
    let dense = try Self.fitted(formula, Self.rows(90), .none, set)
    for text in [
      "fl1:x - fl3:x", "fl1 + 2*fl1:x", "fl2 + 1.5*x", "fl2", "x", "fl3 - fl1 + fl3:x", "(Intercept) + 2*x", "z", "fl4",
    ] {
      let (row, other) = (
        try? sparse.contrast([try sparse.hypothesis(text)], .residual).rows[0],
        try? dense.contrast([try dense.hypothesis(text)], .residual).rows[0]
      )
      Sparse.expectEqual(other?.estimate, row?.estimate, 1e-9, text)
      Sparse.expectEqual(other?.standardError, row?.standardError, 1e-9, text)
    }
    let (ours, theirs) = (try sparse.singleTermDeletions(.residual), try dense.singleTermDeletions(.residual))
    #expect(ours.rows.map(\.name) == theirs.rows.map(\.name))
    let (a, b) = (try #require(theirs.rows.last), try #require(ours.rows.last))
    #expect(a.name == "f:x" && a.numeratorDF == 3 && b.numeratorDF == 3)
    Sparse.expectEqual(a.statistic, b.statistic, 1e-8, "F")
    var (fits, others): ([Double], [Double]) = ([], [])
    try sparse.residualPass().forEach { fits += $0.fitted }
    try dense.residualPass().forEach { others += $0.fitted }
    #expect(distance(fits, others) < 1e-9)
    let error = #expect(throws: InferenceError.self) { try sparse.anova(type: .marginality, .residual) }
    #expect(error.map { "\($0)".contains("(f:x)") } == true)
  }

  /// 397 levels: the term's F is by what r² falls.
  @Test func `many levels have slopes unasked, and are kept in files`() throws {
    let formula = "y ~ f * x + (1 | g)"
    let model = try Self.fitted(formula, Self.rows(4000, levels: 397), .automatic)
    #expect(model.fit.sparse.map(\.name) == ["f", "f:x"])
    let dense = try Self.fitted(formula, Self.rows(4000, levels: 397), .none)
    #expect(abs(model.fit.criterion - dense.fit.criterion) < 1e-6)
    let (a, b) = (
      try #require(dense.singleTermDeletions(.residual).rows.last),
      try #require(model.singleTermDeletions(.residual).rows.last)
    )
    #expect(a.numeratorDF == b.numeratorDF)
    Sparse.expectEqual(a.statistic, b.statistic, 1e-6, "F")
    let folder = try TemporaryFolder()
    try model.save(to: folder.path + "/fit.lmm")
    let again = try FittedModel(contentsOf: folder.path + "/fit.lmm")
    for (a, b) in zip(try model.tested().fixedEffects, try again.tested().fixedEffects) {
      Sparse.expectEqual(a.estimate, b.estimate, 1e-9, a.name)
      Sparse.expectEqual(a.standardError, b.standardError, 1e-9, a.name)
    }
  }
}
