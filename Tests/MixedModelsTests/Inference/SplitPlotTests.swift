// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

/// F tests of a balanced split plot: `a` is that of whole plots in five blocks, `b` that of their halves.
///
/// By restricted maximum likelihood they are those of R's `aov(y ~ a * b + Error(block/a))`. By maximum
/// likelihood the strata's sums of squares are divided by 10 and 15, what blocks leave of plots and plots of
/// rows, and not by what the fixed effects leave of these, 8 and 12; `lmerTest` has the same.
@Suite struct `F tests of a split plot without an intercept` {
  private static let source: DataSource = {
    let y = [
      25.5, 30, 26.2, 27.4, 27, 26.6, 33.7, 34.4, 37.4, 37.8, 38.5, 44.3, 24.8, 25.4, 27.1, 27.9, 31.1, 29.9,
      28.6, 27.3, 28.5, 27.7, 33.4, 28.1, 24.2, 26.6, 21.5, 28.2, 30.2, 25.4,
    ]
    var text = "a,b,block,y\n"
    for (i, value) in y.enumerated() {
      text += "A\(i % 3 + 1),B\(i / 3 % 2 + 1),k\(i / 6 + 1),\(value)\n"
    }
    return .bytes(Array(text.utf8), name: "ni.csv")
  }()

  /// Numerator and denominator degrees of freedom and F of each term.
  typealias Expected = [String: (Int, Double, Double)]

  static let contrasts: [Contrast] = [.treatment, .sum, .helmert]

  private func expect(
    _ expected: Expected, _ formula: String, _ contrast: Contrast, _ criterion: CriterionKind = .reml
  ) throws {
    var options = FitOptions()
    options.criterion = criterion
    options.defaultContrast = contrast
    let fitted = try FittedModel(Formula(formula), data: [Self.source], options: options)
    for type in [TypeOfHypothesis.marginality, .marginalMeans] {
      let rows = try fitted.anova(type: type, .satterthwaite).rows
      #expect(rows.count == expected.count)
      for row in rows {
        let (numerator, denominator, F) = try #require(expected[row.name])
        #expect(row.numeratorDF == numerator, "\(formula): \(row.name)")
        #expect(abs((row.denominatorDF ?? .nan) - denominator) <= 1e-4 * denominator, "\(formula): \(row.name)")
        #expect(abs((row.statistic ?? .nan) - F) <= 1e-6 * F, "\(formula): \(row.name)")
      }
    }
  }

  @Test(arguments: ["y ~ 0 + a * b + (1 | block/a)", "y ~ 0 + b * a + (1 | block/a)"], contrasts)
  func `whole plots are tested by plots, halves by rows`(formula: String, contrast: Contrast) throws {
    let interaction = formula.contains("a * b") ? "a:b" : "b:a"
    try expect(
      ["a": (2, 8, 1.16782112), "b": (1, 12, 13.6223068), interaction: (2, 12, 0.109859155)], formula, contrast)
    try expect(
      ["a": (2, 10, 1.4597764), "b": (1, 15, 17.0278835), interaction: (2, 15, 0.137323944)], formula, contrast,
      .ml)
  }

  /// `lmerTest`'s of the models with an intercept, which are those of `aov` with blocks as a fixed factor.
  @Test(arguments: contrasts)
  func `without plots both are tested by rows`(contrast: Contrast) throws {
    try expect(
      ["a": (2, 20, 1.50775876), "b": (1, 20, 10.9787884), "a:b": (2, 20, 0.0885401008)],
      "y ~ 0 + a * b + (1 | block)", contrast)
    try expect(
      ["a": (2, 22, 1.64397883), "b": (1, 22, 11.9706787)], "y ~ 0 + a + b + (1 | block)", contrast)
  }
}
