// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import Testing

@Suite struct `Optimizers` {
  @Test(arguments: ReferenceFit.all, ["newton", "bobyqa"])
  func `find the optimum of reference models and certify it`(
    reference: ReferenceFit, optimizer: String
  ) throws {
    var options = reference.options
    options.optimizer = optimizer
    let fit = try Fit(Formula(reference.formula), data: [reference.source], options: options)
    let best = reference.optimum.criterion_best
    #expect(fit.criterion <= best + 1e-6 * max(1, abs(best)))
    #expect(fit.criterion >= best - 1e-9 * max(1, abs(best)))
    #expect(fit.convergence.converged, "\(fit.convergence.messages)")
    #expect(fit.convergence.optimizer == optimizer)
    #expect(fit.convergence.isSingular == reference.is_singular)
    let gradient = try #require(fit.convergence.gradientMax)
    #expect(gradient < 1e-3)
    let eigenvalue = try #require(fit.convergence.hessianMinEigenvalue)
    #expect(eigenvalue > -1e-6)
  }

  @Test(arguments: [("newton", 2), ("bobyqa", 30), ("neldermead", 30)])
  func `a search that was stopped early is not certified`(
    optimizer: String, evaluations: Int
  ) throws {
    let reference = try #require(ReferenceFit.all.first { $0.id == "crossed-slopes-reml" })
    var options = reference.options
    options.optimizer = optimizer
    options.maximumEvaluations = evaluations
    let fit = try Fit(Formula(reference.formula), data: [reference.source], options: options)
    #expect(!fit.convergence.converged)
    #expect(fit.convergence.messages.contains { $0.contains("stopped after") })
    #expect(fit.convergence.messages.contains { $0.contains("the gradient is not zero") })
    #expect(try #require(fit.convergence.gradientMax) > 0.01)
  }
}
