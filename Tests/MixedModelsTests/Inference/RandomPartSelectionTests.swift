// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import TestSupport
import Testing

@Suite struct `Selection of random parts` {
  private func fitted(_ formula: String, _ file: String, factors: Set<String> = []) throws -> FittedModel {
    var options = FitOptions()
    options.reading.categoricalColumns = factors
    return try FittedModel(
      Formula(formula), data: [.file(Files.root.appendingPathComponent("data/\(file)").path)],
      options: options)
  }

  /// REML criteria of lme4 1.1-31: 1743.628 of (Days | Subject), 1743.669 of (Days || Subject), 1786.465
  /// of (1 | Subject).
  @Test func `AIC looks at all submodels, from cross-products`() throws {
    let selection = try fitted("Reaction ~ Days + (Days | Subject)", "sleepstudy.csv")
      .randomPartSelection(by: .aic)
    #expect(
      selection.rows.map(\.randomPart) == ["(Days || Subject)", "(Days | Subject)", "(1 | Subject)"])
    for (row, aic) in zip(selection.rows, [1753.669, 1755.628, 1794.465]) {
      #expect(abs(row.aic - aic) < 1e-3)
    }
    #expect(selection.selected.formula == "Reaction ~ Days + (Days || Subject)")
    #expect(selection.messages[0].contains("selected by looking at these data"))
  }

  @Test func `tests go back until nothing may go`() throws {
    let selection = try fitted("Reaction ~ Days + (Days | Subject)", "sleepstudy.csv")
      .randomPartSelection(by: .lrt)
    #expect(selection.rows.map(\.step) == [nil, 1, 1, 2])
    #expect(selection.selected.randomPart == "(Days || Subject)" && selection.selected.step == 1)
    let last = try #require(selection.rows.last?.test)
    #expect(abs(last.statistic - (1786.465 - 1743.669)) < 1e-2 && last.df == 1)
    // At a level below every p-value all goes that can.
    let all = try fitted("Reaction ~ Days + (Days | Subject)", "sleepstudy.csv")
      .randomPartSelection(by: .lrt, alpha: 1e-12)
    #expect(all.selected.randomPart == "(1 | Subject)")
  }

  /// lmerTest 3.1-3 with lme4's bobyqa: step(m, reduce.fixed = FALSE) of y ~ x + a + (x + z | g) + (1 | h)
  /// takes (1 | h) out, then z, and keeps x, which ours does, too: its p-value is 0.0072, or less by a mixture.
  /// Ours has submodels without correlations beside them.
  @Test func `deletions are those of lmerTest's step`() throws {
    let selection = try FittedModel(
      Formula("y ~ x + a + (x + z | g) + (1 | h)"), data: [UnbalancedTable.source()]
    ).randomPartSelection(by: .lrt)
    let expected: [(part: String, parameters: Int, logLikelihood: Double)] = [
      ("(x + z | g) + (1 | h)", 12, -630.916205740), ("(x + z | g)", 11, -630.916205740),
      ("(x | g)", 8, -631.685518518),
    ]
    for (part, parameters, logLikelihood) in expected {
      let row = try #require(
        selection.rows.first { $0.randomPart == part }, "\(part): \(selection.rows.map(\.randomPart))")
      #expect(row.parameterCount == parameters)
      #expect(abs(row.logLikelihood - logLikelihood) < 2e-6, "\(part): \(row.logLikelihood)")
    }
  }

  /// Each row's criterion is that of its formula fitted to the rows.
  @Test func `submodels are those of their formulas`() throws {
    let formula = "y ~ a * b + x + (a + x | g) + (1 | h)"
    let model = try FittedModel(Formula(formula), data: [UnbalancedTable.source()])
    let selection = try model.randomPartSelection(by: .bic)
    #expect(selection.rows.count == Set(selection.rows.map(\.formula)).count)
    // (a + x | g): {1}, {1, a}, {1, x}, {1, a, x}, three of them with and without correlations, or
    // nothing; with (1 | h) or without, but not both without.
    #expect(selection.rows.count == 15)
    for row in [selection.rows[0], selection.rows[7], selection.rows[14]] {
      let fit = try Fit(Formula(row.formula), data: [UnbalancedTable.source()])
      #expect(abs(fit.aic - row.aic) < 1e-5 * abs(fit.aic), "\(row.formula)")
      #expect(fit.parameterCount == row.parameterCount)
    }
    #expect(zip(selection.rows, selection.rows.dropFirst()).allSatisfy { $0.bic <= $1.bic })
    #expect(throws: InferenceError.self) { try model.randomPartSelection(by: .bic, most: 10) }
  }

  @Test func `what cannot be selected is refused`() throws {
    var options = FitOptions()
    options.keepsCrossProducts = false
    let bare = try FittedModel(
      Formula("y ~ x + (x | g)"), data: [UnbalancedTable.source()], options: options)
    #expect(throws: InferenceError.self) { try bare.randomPartSelection(by: .lrt) }
  }
}
