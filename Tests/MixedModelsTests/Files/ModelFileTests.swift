// SPDX-License-Identifier: GPL-2.0-or-later
import Foundation
import MixedModels
import ModelFrames
import Reports
import TestSupport
import Testing

/// Cross-products and fits come back from their files as they went.
@Suite(.serialized) struct `Model files` {
  /// Everything a report says but the times.
  static func report(_ fit: Fit) -> String {
    fit.json.split(separator: "\n").filter {
      !$0.hasPrefix("  \"timing\"") && !$0.hasPrefix("  \"evaluation_seconds\"")
        && !$0.hasPrefix("  \"memory\"") && !$0.hasPrefix("  \"data\"")
    }.joined(separator: "\n")
  }

  @Test(arguments: ReferenceFit.all)
  func `saved cross-products are the same bit for bit`(reference: ReferenceFit) throws {
    let folder = try TemporaryFolder()
    let products = try CrossProducts(
      Formula(reference.formula), data: [reference.source], options: reference.options)
    try products.write(to: folder.file("a.lmm"))
    let loaded = try CrossProducts(contentsOf: folder.file("a.lmm"))
    try loaded.write(to: folder.file("b.lmm"))
    #expect(try folder.bytes("a.lmm") == folder.bytes("b.lmm"))
    #expect(loaded.observations == reference.n)
    #expect(loaded.omittedObservations == reference.n_rows_omitted)

    // One evaluation of the criterion and all that follows from it, without the options that the
    // file holds.
    var options = reference.options
    options.maximumEvaluations = 1
    let direct = try Fit(products, options: options)
    var few = FitOptions()
    few.criterion = options.criterion
    few.maximumEvaluations = 1
    let again = try Fit(loaded, options: few)
    #expect(Self.report(again) == Self.report(direct))
  }

  static let someReferences = [
    "sleepstudy-max-reml", "sleepstudy-zerocorr-reml", "sleepstudy-weights-ml",
    "sleepstudy-offset-reml", "sleepstudy-offset-term-reml", "sleepstudy-alias-reml",
    "sleepstudy-na-reml", "sleepstudy-quadratic-reml", "pastes-nested-reml", "penicillin-ml",
    "machines-helmert-ml", "machines-sum-contrasts-reml", "cake-factorial-reml",
    "dyestuff2-reml", "oats-factor-inline-ml",
  ]

  @Test(arguments: someReferences)
  func `a fit from a file is the fit from the rows`(id: String) throws {
    let reference = ReferenceFit.named(id)
    let folder = try TemporaryFolder()
    var options = reference.options
    options.wantsScaledResiduals = true
    let direct = try Fit(
      Formula(reference.formula), data: [reference.source], options: options,
      savingTo: folder.file("fit.lmm"))
    #expect(try folder.contents == ["fit.lmm"])

    let loaded = try Fit(contentsOf: folder.file("fit.lmm"))
    #expect(loaded.json == direct.json)
    #expect(loaded.scaledResiduals == direct.scaledResiduals)
    #expect(loaded.convergence.trace.map(\.criterion) == direct.convergence.trace.map(\.criterion))
    #expect(loaded.convergence.trace.map(\.theta) == direct.convergence.trace.map(\.theta))

    var few = FitOptions()
    few.criterion = options.criterion
    let again = try Fit(CrossProducts(contentsOf: folder.file("fit.lmm")), options: few)
    #expect(Self.report(again) == Self.report(direct))
  }

  @Test func `conditional modes are computed again`() throws {
    let reference = ReferenceFit.named("sleepstudy-max-reml")
    let folder = try TemporaryFolder()
    _ = try Fit(
      Formula(reference.formula), data: [reference.source], savingTo: folder.file("fit.lmm"))
    var options = FitOptions()
    options.wantsConditionalModes = true
    let modes = try #require(
      Fit(contentsOf: folder.file("fit.lmm"), options: options).conditionalModes)
    let direct = try Fit(Formula(reference.formula), data: [reference.source], options: options)
    #expect(modes[0].values == direct.conditionalModes?[0].values)
    #expect(modes[0].covarianceValues == direct.conditionalModes?[0].covarianceValues)
  }

  @Test(arguments: [
    ("y ~ x * f + (x | g) + (1 | h)", "y ~ x + (1 | g)"),
    ("y ~ x * f + (x | g) + (1 | h)", "y ~ f + (0 + x | g)"),
    ("y ~ x * f + (x | g) + (1 | h)", "y ~ 1 + (1 | h)"),
    ("y ~ x * f + (x | g) + (1 | h)", "y ~ x:f + (x || g) + (1 | h)"),
    ("y ~ poly(x, 3) + (1 | g/h)", "y ~ poly(x, 2) + (1 | g:h)"),
  ])
  func `a formula with fewer columns fits the same cross-products`(
    whole: String, part: String
  ) throws {
    let folder = try TemporaryFolder()
    let source = SimulatedTable(rows: 400, seed: 5).source(y: { 1e3 + $0 })
    try CrossProducts(Formula(whole), data: [source]).write(to: folder.file("whole.lmm"))
    let formula = try Formula(part)
    let direct = try Fit(formula, data: [source])
    let products = try ModelInput(arguments: [folder.file("whole.lmm")])
      .crossProducts(formula, options: FitOptions())
    let fit = try Fit(products, savingTo: folder.file("part.lmm"))
    #expect(abs(fit.criterion - direct.criterion) <= 1e-10 * abs(direct.criterion))
    #expect(fit.theta.names == direct.theta.names)
    for (a, b) in zip(fit.fixedEffects, direct.fixedEffects) {
      #expect(a.name == b.name)
      #expect(abs(a.estimate! - b.estimate!) <= 1e-5 * b.standardError!)
    }
    let loaded = try Fit(contentsOf: folder.file("part.lmm"))
    #expect(loaded.json == fit.json)
  }

  @Test(arguments: [
    "y ~ x + f + (1 | g)", "y ~ poly(x, 2) + (1 | g)", "y ~ x + (1 | h)", "w ~ x + (1 | g)",
    "y ~ log(x) + (1 | g)", "y ~ x + offset(w) + (1 | g)",
  ])
  func `a formula with other columns is refused`(formula: String) throws {
    let folder = try TemporaryFolder()
    let source = SimulatedTable(rows: 200, seed: 5).source()
    try CrossProducts(Formula("y ~ x + w + (x | g)"), data: [source])
      .write(to: folder.file("a.lmm"))
    let error = #expect(throws: (any Error).self) {
      try ModelInput(arguments: [folder.file("a.lmm")])
        .crossProducts(Formula(formula), options: FitOptions())
    }
    #expect("\(error!)".contains(folder.file("a.lmm")))
  }

  @Test func `levels and contrasts can be chosen after the rows are gone`() throws {
    let folder = try TemporaryFolder()
    let source = SimulatedTable(rows: 200, seed: 5).source()
    let formula = try Formula("y ~ f + (1 | g)")
    try CrossProducts(formula, data: [source]).write(to: folder.file("a.lmm"))
    var options = FitOptions()
    options.contrasts["f"] = .sum
    options.levels["f"] = ["c", "a", "b"]
    let direct = try Fit(formula, data: [source], options: options)
    let products = try CrossProducts(contentsOf: folder.file("a.lmm"))
    _ = try Fit(products, options: options, savingTo: folder.file("fit.lmm"))
    let fit = try Fit(contentsOf: folder.file("fit.lmm"))
    #expect(Self.report(fit) == Self.report(direct))
  }
}
