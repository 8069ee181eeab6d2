// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import ModelFrames
import NumericalMethods
import TestSupport
import Testing

/// Derivatives of the criterion of repeated measures against central differences, away from the
/// optimum.
@Suite struct `Derivatives of repeated measures` {
  @Test(arguments: VisitStructure.allCases, [CriterionKind.reml, .ml])
  func `gradient and Hessian are exact`(structure: VisitStructure, kind: CriterionKind) throws {
    var options = FitOptions()
    options.residual = try ResidualTerm("\(structure.rawValue)(week | arm/patient)")
    options.reading.categoricalColumns = ["week"]
    let model = try #require(
      try FittedModel(
        Formula("change ~ baseline + arm + week"), data: [.file(Files.data("trial.csv"))],
        options: options
      ).repeatedModel)
    let θ = model.startingParameters.enumerated().map { $1 + 0.1 * Double($0 % 3) - 0.1 }
    let here = try #require(model.derivatives(θ, kind))
    let step = 1e-5
    for k in θ.indices {
      func moved(_ change: Double) throws -> (value: Double, gradient: [Double]) {
        var there = θ
        there[k] += change
        let found = try #require(model.derivatives(there, kind))
        return (found.value, found.gradient)
      }
      let (ahead, behind) = (try moved(step), try moved(-step))
      let slope = (ahead.value - behind.value) / (2 * step)
      #expect(abs(slope - here.gradient[k]) < 1e-5 * (1 + abs(slope)), "\(structure) \(k)")
      for l in θ.indices {
        let curvature = (ahead.gradient[l] - behind.gradient[l]) / (2 * step)
        #expect(
          abs(curvature - here.hessian[l, k]) < 1e-5 * (1 + abs(curvature)), "\(structure) \(k) \(l)")
      }
    }
  }
}
