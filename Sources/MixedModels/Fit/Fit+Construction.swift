// SPDX-License-Identifier: GPL-2.0-or-later

// Results are made by fitting. These initializers let the tests of the reports make them, too.

extension Fit {
  package init(
    _ formula: String, criterionKind: CriterionKind, data: [String], weights: String? = nil,
    offset: String? = nil, observations: Int, omittedObservations: Int, randomEffectCount: Int,
    criterion: Double, sigma: Double, sigmaStandardError: Double? = nil, theta: Theta,
    fixedEffects: [FixedEffect], degreesOfFreedomMethod: DegreesOfFreedomMethod? = nil,
    vcov: [[Double]],
    varianceComponents: [VarianceComponent], convergence: Convergence,
    isSigmaKnown: Bool = false,
    conditionalModes: [ConditionalModes]? = nil, scaledResiduals: ResidualQuantiles? = nil,
    solver: SolverDescription, timing: Timing, peakMemory: Int
  ) {
    self.init(
      formula: formula, criterionKind: criterionKind, data: data, weights: weights, offset: offset,
      observations: observations, omittedObservations: omittedObservations,
      randomEffectCount: randomEffectCount, criterion: criterion, sigma: sigma,
      sigmaStandardError: sigmaStandardError, theta: theta, determinedCount: theta.values.count,
      isSigmaKnown: isSigmaKnown, known: [],
      fixedEffects: fixedEffects, degreesOfFreedomMethod: degreesOfFreedomMethod, vcov: vcov,
      varianceComponents: varianceComponents,
      convergence: convergence, conditionalModes: conditionalModes,
      scaledResiduals: scaledResiduals, solver: solver, timing: timing, peakMemory: peakMemory)
  }
}

extension Theta {
  package init(_ names: [String], values: [Double]) {
    self.init(names: names, values: values)
  }
}

extension FixedEffect {
  package init(_ name: String, estimate: Double? = nil, standardError: Double? = nil) {
    self.init(name: name, estimate: estimate, standardError: standardError)
    if let estimate, let standardError {
      confidenceInterval = waldInterval(estimate, standardError)
    }
  }
}

extension TracePoint {
  package init(_ evaluation: Int, theta: [Double], criterion: Double, seconds: Double) {
    self.init(evaluation: evaluation, theta: theta, criterion: criterion, seconds: seconds)
  }
}

extension ResidualQuantiles {
  package init(_ values: [Double]) {
    self.init(values: values)
  }
}
