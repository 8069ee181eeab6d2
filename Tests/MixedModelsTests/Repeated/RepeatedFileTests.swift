// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import TestSupport
import Testing

/// Fits with covariances between residuals in model files.
@Suite struct `Files of repeated measures` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func saved(_ term: String, _ name: String) throws -> (fit: Fit, path: String) {
    var options = FitOptions()
    options.residual = try ResidualTerm(term)
    options.reading.categoricalColumns = ["week"]
    let path = folder.file(name)
    let fit = try Fit(
      Formula("change ~ baseline + arm * week"), data: [.file(Files.data("trial.csv"))],
      options: options, savingTo: path)
    return (fit, path)
  }

  @Test func `a fit comes back as it was`() throws {
    let (fit, path) = try saved("us(week | arm/patient)", "arms.lmm")
    let fitted = try FittedModel(contentsOf: path)
    let read = try fitted.tested()
    #expect(read.criterion == fit.criterion && read.vcov == fit.vcov)
    for (a, b) in zip(read.fixedEffects, fit.fixedEffects) {
      #expect(a.estimate == b.estimate && a.degreesOfFreedom == b.degreesOfFreedom)
    }
    let (a, b) = (try #require(read.residual), try #require(fit.residual))
    #expect(a.components.map(\.covariances) == b.components.map(\.covariances))
    #expect(a.components.map(\.standardErrors) == b.components.map(\.standardErrors))
    #expect(read.convergence.trace.count == fit.convergence.trace.count)
    // What needs the sums: Kenward and Roger's adjustment, and a search by another criterion.
    let test = try fitted.contrast([fitted.hypothesis("`armplacebo:week12` = 0")], .kenwardRoger).rows[0]
    #expect(abs(test.standardError - 2.288518166) < 1e-7)  // mmrm 0.3.18
    #expect(try fitted.refitted(by: .ml).fit.criterionKind == .ml)
    // And again.
    let copy = folder.file("copy.lmm")
    try fitted.save(to: copy)
    #expect(try FittedModel(contentsOf: copy).fit.criterion == fit.criterion)
  }

  @Test func `structures in files are compared`() throws {
    let models = try [("toep(week | patient)", "toep.lmm"), ("us(week | patient)", "us.lmm")].map {
      try FittedModel(contentsOf: saved($0, $1).path)
    }
    let comparison = try ModelComparison([("toep", models[0]), ("us", models[1])])
    let test = try #require(comparison.rows[1].test)
    #expect(test.df == 6 && abs(test.statistic - (2006.821489043 - 1966.847910611)) < 1e-6)
  }
}
