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

extension VarianceComponent {
  package init(
    _ name: String, group: String, levelCount: Int, columns: [String], standardDeviations: [Double],
    correlations: [[Double?]], covariances: [[Double]], standardErrors: [Double?]? = nil,
    correlationStandardErrors: [[Double?]]? = nil, held: [Int] = []
  ) {
    let none = columns.map { _ in Double?.none }
    self.init(
      name: name, group: group, levelCount: levelCount, columns: columns,
      standardDeviations: standardDeviations, correlations: correlations, covariances: covariances,
      standardErrors: standardErrors ?? none,
      correlationStandardErrors: correlationStandardErrors ?? columns.map { _ in none }, held: held,
      structure: nil)
  }
}

extension ConditionalModes {
  package init(
    _ name: String, group: String, columns: [String], levels: [String], values: [Double],
    covarianceValues: [Double]
  ) {
    self.init(
      name: name, group: group, columns: columns, levels: levels, values: values,
      covarianceValues: covarianceValues)
  }
}

extension Convergence {
  package init(
    _ optimizer: String, converged: Bool, evaluations: Int, gradients: Int = 0,
    gradientMax: Double? = nil,
    hessianMinEigenvalue: Double? = nil, isSingular: Bool, messages: [String],
    notDetermined: [String] = [], trace: [TracePoint]
  ) {
    self.init(
      converged: converged, optimizer: optimizer, evaluations: evaluations,
      gradients: gradients, gradientMax: gradientMax, hessianMinEigenvalue: hessianMinEigenvalue,
      isSingular: isSingular,
      messages: messages, notDetermined: notDetermined, trace: trace)
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

extension SolverDescription {
  package init(
    _ strategy: String, leadingTerm: String? = nil, coreSize: Int? = nil,
    coreDensity: Double? = nil, factorNonzeros: Int? = nil, threads: Int,
    criterionStandardError: Double? = nil, probes: Int? = nil,
    monteCarloErrors: MonteCarloErrors? = nil, plan: [String] = []
  ) {
    self.init(
      strategy: strategy, leadingTerm: leadingTerm, coreSize: coreSize, coreDensity: coreDensity,
      factorNonzeros: factorNonzeros, threads: threads,
      criterionStandardError: criterionStandardError, probes: probes,
      monteCarloErrors: monteCarloErrors, conditionalVarianceErrors: nil, plan: plan)
  }
}
