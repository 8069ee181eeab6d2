// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import ModelFrames
import NumericalMethods

extension Fit {
  init(
    formula: Formula, data: [any TableSource], options: FitOptions, products: CrossProducts,
    model: LinearMixedModel, outcome: CriterionSearch.Outcome, estimates: Estimates,
    solver: SolverSummary, plan: [String], record: FitRecord
  ) {
    self.formula = formula.text
    criterionKind = options.criterion
    self.data = data.map(\.name)
    weights = options.weights
    offset = options.offset
    observations = model.observations
    omittedObservations = products.omittedObservations
    randomEffectCount = model.randomEffectCount
    criterion = outcome.value
    sigma = estimates.sigma
    theta = Theta(names: model.thetaNames, values: model.covariance.theta(outcome.φ))
    determinedCount = options.knownTheta == nil ? model.determinedCount : 0
    isSigmaKnown = options.knownSigma != nil || model.covariance.knownDeviation != nil
    known = options.held
    fixedEffects = Self.fixedEffects(model, estimates)
    let p = model.fixedEffectCount
    vcov = (0..<p).map { i in (0..<p).map { estimates.vcov[i, $0] } }
    let covariance = outcome.curvature.map {
      ParameterCovariance($0, model, φ: outcome.φ, options.criterion)
    }
    let errors = covariance.map {
      VarianceErrors($0, model.covariance, φ: outcome.φ, sigma: estimates.sigma)
    }
    let determination = model.determination ?? .complete(model.terms)
    let isSigmaZero = model.zeroStrata(outcome.φ).first ?? false
    sigmaStandardError =
      determination.residual && options.knownSigma == nil && !isSigmaZero ? errors?.sigma : nil
    residualStrata = ResidualStrata(
      model, φ: outcome.φ, sigma: estimates.sigma,
      options.knownTheta == nil && options.knownSigma == nil ? errors?.strata : nil)
    autocorrelation = ResidualAutocorrelation(
      model, φ: outcome.φ, options.knownTheta == nil ? errors?.autocorrelation : nil)
    varianceComponents = model.terms.indices.map { t in
      VarianceComponent(
        model.terms[t], λ: estimates.λ[t], sigma: estimates.sigma,
        levels: model.groups[model.terms[t].group].levelCount,
        errors?.terms[t].known(determination.covariances[t]).ofEstimates, held: determination.held[t],
        structure: StructureDescription(
          model, t, φ: outcome.φ, sigma: estimates.sigma, covariance))
    }
    convergence = Convergence(
      converged: outcome.converged, optimizer: outcome.optimizer,
      evaluations: outcome.trace.count,
      preliminaryEvaluations: outcome.preliminaryEvaluations, gradients: outcome.gradients,
      starts: outcome.starts, startsAgreed: outcome.startsAgreed,
      gradientMax: outcome.curvature?.largestGradient,
      hessianMinEigenvalue: outcome.curvature?.leastEigenvalue,
      isSingular: model.isSingular(outcome.φ),
      messages: model.messages(outcome, estimates, known: options.held),
      notDetermined: determination.names(model.terms),
      trace: outcome.trace.enumerated().map { index, point in
        TracePoint(
          evaluation: index + 1, theta: model.covariance.theta(point.φ), criterion: point.value,
          seconds: point.seconds)
      })
    conditionalModes = estimates.modes.map { modes in
      zip(model.terms, modes).map { term, modes in
        ConditionalModes(
          name: term.name, group: term.groupName, columns: term.columns,
          levels: model.groups[term.group].levels, values: modes.values,
          covarianceValues: modes.covariances)
      }
    }
    scaledResiduals = record.quantiles
    self.solver = SolverDescription(
      strategy: solver.strategy,
      leadingTerm: solver.leadingGroup.map(model.factorName),
      coreSize: solver.coreSize,
      coreDensity: solver.coreDensity, factorNonzeros: solver.factorNonzeros,
      threads: threadCount(options.threads),
      criterionStandardError: solver.criterionStandardError, probes: solver.probes,
      monteCarloErrors: outcome.curvature.flatMap { curvature in
        MonteCarloErrors(
          curvature, model, φ: outcome.φ, sigma: estimates.sigma,
          df: model.degreesOfFreedom(options.criterion))
      }, conditionalVarianceErrors: solver.conditionalErrors, plan: plan)
    timing = record.timing
    peakMemory = record.peakMemory
  }

  static func fixedEffects(
    _ model: LinearMixedModel, _ estimates: Estimates
  ) -> [FixedEffect] {
    if let columns = model.reportedColumns, let values = model.reportedCoefficients(estimates) {
      return zip(columns, values).map { FixedEffect($0.name, estimate: $1) }
    }
    let position = Dictionary(
      uniqueKeysWithValues: model.fixed.kept.enumerated().map { ($1, $0) })
    return model.fixed.names.enumerated().map { j, name in
      FixedEffect(
        name, estimate: position[j].map { estimates.β[$0] },
        standardError: position[j].map { estimates.vcov[$0, $0].squareRoot() })
    }
  }
}

extension VarianceComponent {
  fileprivate init(
    _ term: ReportedTerm, λ: DenseMatrix, sigma: Double, levels: Int,
    _ errors: VarianceErrors.Term?, held: [Int], structure: StructureDescription? = nil
  ) {
    (self.held, self.structure) = (held, structure)
    name = term.name
    group = term.groupName
    levelCount = levels
    columns = term.columns
    let covariance = sigma * sigma * (λ * λ.transposed)
    let size = λ.rows
    let sd = (0..<size).map { covariance[$0, $0].squareRoot() }
    standardDeviations = sd
    let none = (0..<size).map { _ in Double?.none }
    // Of what is known rounding leaves some 1e-10 of it; no table has the rows for so small an error.
    standardErrors = zip(errors?.standardDeviations ?? none, sd).map { error, sd in
      error.flatMap { $0 > 1e-8 * sd ? $0 : nil }
    }
    correlationStandardErrors = errors?.correlations ?? (0..<size).map { _ in none }
    covariances = (0..<size).map { i in (0..<size).map { covariance[i, $0] } }
    correlations = (0..<size).map { i in
      (0..<size).map { j in
        if i == j { return 1 }
        guard sd[i] > 0, sd[j] > 0 else { return nil }
        return min(1, max(-1, covariance[i, j] / (sd[i] * sd[j])))
      }
    }
  }
}

extension LinearMixedModel {
  /// Columns of X that were dropped.
  private var rankMessages: [String] {
    let names =
      reportedColumns?.filter { !$0.isKept }.map(\.name)
      ?? Set(fixed.names.indices).subtracting(fixed.kept).sorted().map { fixed.names[$0] }
    let dropped = names.count
    guard dropped > 0 else { return [] }
    var message =
      "fixed-effect model matrix is rank deficient so dropping \(dropped) column\(dropped == 1 ? "" : "s") / coefficient\(dropped == 1 ? "" : "s")"
    if let fixedLevels {
      let factors = fixedLevels.factors.map(\.name).joined(separator: " and ")
      message +=
        ": \(names.prefix(5).joined(separator: ", "))\(dropped > 5 ? " and \(dropped - 5) more" : "")"
      if fixedLevels.reported == nil {
        message +=
          " \(dropped == 1 ? "is" : "are") explained by the absorbed \(factors) and the columns before"
      }
    }
    return [message]
  }

  /// What a user should know of the columns of X.
  var columnMessages: [String] { rankMessages + lostDigits.notes }

  /// What a user should know about the fit, in words.
  fileprivate func messages(
    _ outcome: CriterionSearch.Outcome, _ estimates: Estimates, known: [HeldParameter]
  ) -> [String] {
    let sigma = estimates.sigma
    var messages = outcome.messages
    if knownVariance != nil, outcome.optimizer != "known" {
      messages.append("σ is known, not estimated")
    }
    messages += known.map { "\($0.name) is known (\($0.value)), not estimated" }
    messages += rankMessages
    messages += determination?.messages ?? []
    if isSingular(outcome.φ) {
      messages.append(
        "boundary (singular) fit: a variance, or a combination of correlated effects, is estimated as zero"
      )
    }
    if outcome.falls > 0 {
      messages.append(
        "searches from \(outcome.falls) of \(outcome.starts) starts went below this minimum, to where there is none: where the model explains rows exactly, or correlations are ±1. The data are few for so many covariance parameters"
      )
    }
    let share = residualShare(sigma)
    if share < 1e-9, zeroStrata(outcome.φ).first != true {
      messages.append(
        "the random effects explain all but \(scientificNotation(share, decimals: 1)) of the response's variance: the residual standard deviation has few correct digits"
      )
    }
    messages += vanishingStrata(outcome.φ) + vanishingCorrelation(outcome.φ)
    messages += lostDigits.notes
    // XᵀWX is 1 in working columns, and XᵀV⁻¹X what the random effects leave of it.
    let Φ = estimates.working.Φ
    let trace = Φ.diagonal.reduce(0, +)  // not less than any eigenvalue
    let magnification =
      LostDigits.isNotable(max(trace, 1)) ? symmetricEigenvalues(Φ).last ?? 1 : 1
    if LostDigits.isNotable(magnification) {
      messages.append(
        "\(LostDigits.words(magnification)) of what the random effects leave of the fixed effects' columns survive rounding: a weight is huge beside the others, or the residual variance tiny beside the random effects'. Fixed effects and their standard errors are no better, and the criterion is wrong by up to about \(LostDigits.rounded(magnification))"
      )
    }
    return messages
  }

  /// Whether a direction of some term has (relative to σ, per unit of its standardized columns) a
  /// standard deviation below 1e-4, lme4's tolerance, or a stratum of rows has none. Standardized, so
  /// that the answer does not depend on the units of the covariates.
  package func isSingular(_ φ: [Double]) -> Bool {
    if zeroStrata(φ).contains(true) { return true }
    var next = 0
    for block in covariance.blocks {
      guard block.rank > 0 else { continue }
      let free = Array(0..<block.rank)
      let λ = block.working(φ, &next).submatrix(rows: free, columns: free)
      // A structure of reduced rank has that rank.
      let values = symmetricEigenvalues(λ * λ.transposed).sorted()
      let smallest = values[block.rank - (block.structure?.rank ?? block.rank)]
      if max(smallest, 0).squareRoot() < 1e-4 { return true }
    }
    return false
  }
}
