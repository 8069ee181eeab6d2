// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Covariances that are robust against unequal variances of the rows, beside sparse columns.
@Suite struct `Robust covariances beside sparse columns` {
  private typealias Sparse = `Sparse columns of the fixed part`

  @Test(
    arguments: [CoefficientCovariance.hc1, .hc3],
    [
      ("y ~ x + worker", ["worker"], Contrast.treatment), ("y ~ x + z + worker + factor(g)", ["worker"], .sum),
      ("y ~ x + worker + firm", ["worker", "firm"], .treatment), ("y ~ x + z + worker", ["worker"], .helmert),
      ("y ~ 0 + worker + x", ["worker"], .treatment), ("y ~ x + firm * factor(g)", ["firm"], .treatment),
    ])
  func `they are those of dense columns`(
    kind: CoefficientCovariance, model: (formula: String, sparse: [String], contrast: Contrast)
  ) throws {
    func fitted(_ sparse: SparseFixedEffects) throws -> FittedModel {
      try Sparse.panelFit(model.formula, sparse) { options in
        (options.coefficientCovariance, options.weights) = (kind, "1 + x^2")
        if model.contrast != .treatment { options.contrasts = ["worker": model.contrast] }
      }
    }
    let (dense, sparse) = (try fitted(.none), try fitted(.factors(model.sparse)))
    let (a, b) = (try dense.tested(), try sparse.tested())
    #expect(a.robustCovariance?.kind == kind && b.robustCovariance?.kind == kind)
    #expect(a.droppedColumns == b.droppedColumns)
    // Of two factors, and of columns that combine levels, those beside the levels.
    let hasAll = model.sparse.count == 1 && model.contrast != .helmert && !model.formula.contains("*")
    for (a, b) in zip(a.fixedEffects, b.fixedEffects) {
      Sparse.expectEqual(a.estimate, b.estimate, 1e-9, a.name)
      if hasAll || b.standardError != nil {
        Sparse.expectEqual(a.standardError, b.standardError, 1e-9, "SE of \(a.name)")
        Sparse.expectEqual(a.pValue, b.pValue, 1e-8, "p of \(a.name)")
      }
    }
    #expect(b.fixedEffects.first { $0.name == "x" }?.standardError != nil)
    let names = a.fixedEffects.filter { $0.estimate != nil }.map { "`\($0.name)`" }
    for text in [names[3], "\(names[2]) - \(names[4])", "\(names.last!) + 2*x", "(Intercept)"] {
      let row = try? sparse.contrast([try sparse.hypothesis(text)], .residual).rows[0]
      let other = try? dense.contrast([try dense.hypothesis(text)], .residual).rows[0]
      Sparse.expectEqual(other?.estimate, row?.estimate, 1e-8, text)
      Sparse.expectEqual(other?.standardError, row?.standardError, 1e-8, text)
    }
    guard !model.formula.contains("0 +") else { return }
    guard sparse.fit.sparse.count == 1 else {
      // No row connects the two sets of levels.
      let error = #expect(throws: InferenceError.self) { try sparse.singleTermDeletions(.residual) }
      #expect(error.map { "\($0)".contains("not tested by \(kind.rawValue)") } == true)
      return
    }
    let (rows, others) = (
      try dense.singleTermDeletions(.residual).rows, try sparse.singleTermDeletions(.residual).rows
    )
    for (a, b) in zip(rows, others) {
      #expect(a.name == b.name && a.numeratorDF == b.numeratorDF)
      Sparse.expectEqual(a.statistic, b.statistic, 1e-6, "F of \(a.name)")
    }
  }

  @Test func `means have them, slopes do not`() throws {
    func fitted(_ sparse: SparseFixedEffects) throws -> FittedModel {
      try Sparse.panelFit("y ~ x + factor(g) + worker", sparse) { $0.coefficientCovariance = .hc3 }
    }
    var options = MeansOptions()
    (options.comparison, options.method) = (.pairwise, .residual)
    for text in ["~ worker", "~ g"] {
      let (a, b) = (
        try fitted(.none).marginalMeans(MeansSpecification(text), options),
        try fitted(.factors(["worker"])).marginalMeans(MeansSpecification(text), options)
      )
      for (a, b) in zip(a.differences!, b.differences!) {
        Sparse.expectEqual(a.test?.standardError, b.test?.standardError, 1e-9, a.name)
      }
    }
    let error = #expect(throws: InferenceError.self) {
      try Sparse.panelFit("y ~ x * worker", .factors(["worker"])) { $0.coefficientCovariance = .hc0 }.tested()
    }
    #expect(error.map { "\($0)".contains("slopes") } == true)
  }
}
