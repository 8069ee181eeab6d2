// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

@Suite struct `Which columns of the fixed part are sparse` {
  private typealias Sparse = `Sparse columns of the fixed part`

  /// 300 levels, of which the first chunk of rows knows some.
  private static func manyLevels(_ name: String, isSorted: Bool) -> [any TableSource] {
    var random = SplitMix64(seed: 5)
    var text = "y,f,g\n"
    for row in 0..<1800 {
      let level = isSorted ? row / 6 : row % 300
      text += "\(random.normal() + Double(level % 7)),l\(level),\(random.below(9))\n"
    }
    return [.bytes(Array(text.utf8), name: name)]
  }

  @Test func `from 200 levels on columns are sparse`() throws {
    let formula = try Formula("y ~ f + (1 | g)")
    let fit = try Fit(formula, data: Self.manyLevels("many.csv", isSorted: false))
    #expect(fit.sparse.map(\.name) == ["f"] && fit.fixedEffectCount == 300)
    var options = FitOptions()
    options.sparseFixed = .none
    let dense = try Fit(formula, data: Self.manyLevels("many.csv", isSorted: false), options: options)
    #expect(dense.sparse.isEmpty && abs(fit.criterion - dense.criterion) < 1e-7)
    Sparse.expectEqual(
      dense.fixedEffects[299].degreesOfFreedom, fit.fixedEffects[299].degreesOfFreedom, 1e-4, "df")
    // One chunk after another: rows are read again once there are too many levels.
    options.sparseFixed = .automatic
    options.reading.chunkBytes = 1000
    let sorted = try Fit(formula, data: Self.manyLevels("sorted.csv", isSorted: true), options: options)
    #expect(sorted.sparse.map(\.name) == ["f"])
  }

  @Test func `thousands of dense columns are named before they are made`() throws {
    var text = "y,x,f,h,g\n"
    for row in 0..<4400 { text += "\(row * row % 101),\(row % 7),l\(row % 4100),h\(row % 20),\(row % 11)\n" }
    let data: [any TableSource] = [.bytes(Array(text.utf8), name: "many.csv")]
    for (formula, term, contrasts) in [
      ("y ~ f * poly(x, 2) + (1 | g)", "f:poly(x, 2)", [:]), ("y ~ x + f:h", "f:h", ["h": .sum]), ("y ~ f + x", "f", ["f": .polynomial]),
    ] as [(String, String, [String: Contrast])] {
      var options = FitOptions()
      options.contrasts = contrasts
      let error = #expect(throws: FitError.self) {
        try FittedModel(Formula(formula), data: data, options: options)
      }
      guard case .manyDenseColumns(term: term, factor: "f", count: let count)? = error else {
        Issue.record("\(formula)")
        continue
      }
      #expect(count == (term == "f:h" ? 82_000 : 4100))
    }
  }

  @Test func `what cannot be kept sparse is refused by name`() throws {
    for (formula, factor, reason) in [
      ("y ~ x + (1 | g)", "x", "no factor"), ("y ~ worker * firm * x + (1 | g)", "worker", "is in worker:firm"),
      ("y ~ worker + (1 | worker)", "worker", "random intercept"),
      ("y ~ 0 + firm + worker + (1 | g)", "worker", "formula's first factor"),
      ("y ~ worker + (1 | g) | firm", "worker", "absorbed"), ("y ~ 0 + firm + factor(z) + (1 | g)", "z", "helmert contrasts"),
    ] {
      let error = #expect(throws: FitError.self) {
        try Sparse.panelFit(formula, .factors([factor])) { if factor == "z" { $0.contrasts = ["z": .helmert] } }
      }
      #expect(error.map { "\($0)".contains("“\(factor)”") && "\($0)".contains(reason) } == true)
    }
    let error = #expect(throws: FitError.self) {
      try Sparse.panelFit("y ~ x + worker + (1 | z)", .factors(["worker"]))
    }
    #expect(error.map { "\($0)".contains("explained by the fixed effects of worker") } == true)
    let model = try Sparse.panelFit("y ~ x + worker + (1 | g)", .factors(["worker"]))
    for action: () throws -> Void in [
      { _ = try model.coefficientTests(.kenwardRoger) },
      { _ = try model.anova(type: .sequential, .satterthwaite) },
    ] {
      let error = #expect(throws: InferenceError.self) { try action() }
      #expect(error.map { "\($0)".contains("sparse columns (worker)") } == true)
    }
  }
}
