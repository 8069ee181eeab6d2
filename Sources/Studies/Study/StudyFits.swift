// SPDX-License-Identifier: GPL-2.0-or-later

import MixedModels
import Glibc
import NumericalMethods

/// A design whose responses are drawn, and fitted by every method.
protocol StudiedModel: Sendable {
  var parameters: [StudyParameter] { get }
  var rows: Int { get }
  /// Grouping factors with their numbers of levels.
  var groups: [(name: String, levels: Int)] { get }
  /// One replicate by every method; the same response for all.
  func replicate(_ index: Int, _ stream: inout RandomStream) -> [StudyReplicate]
  /// What theory expects of every parameter's estimates by a method; nil where it says nothing.
  func expectedBias(_ method: CriterionKind) -> [Double?]
}

/// Draws responses of one design and fits each by every method.
struct StudyFits: StudiedModel {
  private let study: StudyModel
  private let settings: StudySettings
  private let refits: [Refitting]
  private let profiles: StudyProfiles?

  /// - Throws: `FitError`, `CholmodError`.
  init(_ study: StudyModel, _ settings: StudySettings) throws {
    (self.study, self.settings) = (study, settings)
    if !study.model.strataLabels.isEmpty || study.model.hasSerialResiduals {
      if settings.wantsProfiles {
        throw SimulationError.stated("profiles are not made for strata of residuals, nor for correlated ones.")
      }
      if [.kenwardRoger, .kenwardRogerLinear].contains(settings.degreesOfFreedom) {
        throw SimulationError.stated(
          "Kenward and Roger's adjustment is for independent residuals of one variance. Use \(Setting.degreesOfFreedom(["satterthwaite"])).")
      }
    }
    refits = try settings.methods.map {
      try Refitting(study.model, kind: $0, start: study.φ, solver: settings.solver)
    }
    profiles =
      settings.wantsProfiles
      ? try StudyProfiles(study, level: settings.level, solver: settings.solver) : nil
  }

  var parameters: [StudyParameter] { study.parameters }
  var rows: Int { study.model.observations }

  var groups: [(name: String, levels: Int)] {
    var seen: Set<String> = []
    return study.model.terms.filter { seen.insert($0.groupName).inserted }.map {
      ($0.groupName, study.model.groups[$0.group].levelCount)
    }
  }

  func expectedBias(_ method: CriterionKind) -> [Double?] {
    let isKnown = method == .ml && study.model.covariance.isUnstructured
    return study.expectedBias(method, maximumLikelihood: isKnown ? try? study.maximumLikelihoodBias() : nil)
  }

  func replicate(_ index: Int, _ stream: inout RandomStream) -> [StudyReplicate] {
    let response = study.simulator.draw(&stream)
    return zip(settings.methods, refits).map { method, refitting in
      guard let outcome = try? refitting.fit(response, wantsCurvature: true),
        var estimates = try? estimates(outcome, method)
      else { return StudyReplicate(failed: index, study.parameters) }
      if method == .ml, outcome.converged { profiles?.add(to: &estimates, response, outcome) }
      return StudyReplicate(
        index: index, converged: outcome.converged,
        singular: study.model.isSingular(outcome.φ), estimates: estimates)
    }
  }

  private func estimates(
    _ outcome: Refitting.Outcome, _ method: CriterionKind
  ) throws -> [StudyEstimate] {
    try coefficients(outcome, method) + variances(outcome, method)
  }

  private func coefficients(
    _ outcome: Refitting.Outcome, _ method: CriterionKind
  ) throws -> [StudyEstimate] {
    let (fixed, p) = (study.model.fixed, study.model.fixedEffectCount)
    // The response was drawn relative to its fixed part, so this is the estimate's error.
    let errors = fixed.solveR(
      DenseMatrix(rows: p, columns: 1, storage: outcome.β.map { fixed.responseScale * $0 })
    ).storage
    return try StudyEstimate.coefficients(
      study.parameters.map(\.truth), errors: errors, fixed, degreesOfFreedom(outcome, method),
      level: settings.level)
  }

  private func degreesOfFreedom(
    _ outcome: Refitting.Outcome, _ method: CriterionKind
  ) throws -> any DenominatorDegreesOfFreedom {
    let model = study.model
    let coefficients = WorkingCoefficients(
      β: outcome.β, Φ: outcome.Φ, variance: outcome.sigma * outcome.sigma)
    switch settings.degreesOfFreedom(of: method) {
    case .satterthwaite:
      guard let curvature = outcome.curvature else { throw InferenceError.noCurvature }
      return Satterthwaite(curvature, coefficients, model, φ: outcome.φ, method)
    case .kenwardRoger, .kenwardRogerLinear:
      return try KenwardRoger(
        model, φ: outcome.φ, variance: coefficients.variance, threads: 1,
        isLinear: settings.degreesOfFreedom == .kenwardRogerLinear)
    case .residual:
      return FixedDegreesOfFreedom(
        covariance: coefficients.covariance,
        degreesOfFreedom: Double(model.observations - model.fixedEffectCount))
    case .none:
      return FixedDegreesOfFreedom(
        covariance: coefficients.covariance, degreesOfFreedom: .infinity)
    }
  }

  /// Wald intervals on the scale of log σ and of Fisher's z, from asymptotic standard errors.
  private func variances(
    _ outcome: Refitting.Outcome, _ method: CriterionKind
  ) -> [StudyEstimate] {
    let model = study.model
    let errors = outcome.curvature.map {
      VarianceErrors(
        ParameterCovariance($0, model, φ: outcome.φ, method), model.covariance,
        φ: outcome.φ, sigma: outcome.sigma)
    }
    let z = Normal.quantile((1 - settings.level) / 2, tail: .upper)
    let terms = model.covariance.reportedFactors(outcome.φ).enumerated().flatMap { t, λ in
      StudyEstimate.covariances(
        outcome.sigma * outcome.sigma * (λ * λ.transposed),
        deviationErrors: (0..<λ.rows).map { errors?.terms[t].standardDeviations[$0] ?? .nan },
        correlationErrors: { errors?.terms[t].correlations[$0][$1] ?? .nan }, z: z)
    }
    let sigmas = ([1] + model.strataRatios(outcome.φ)).enumerated().flatMap { s, ratio in
      StudyEstimate.deviation(ratio * outcome.sigma, errors?.strata[s] ?? .nan, z: z)
    }
    let ρ = model.autocorrelation(outcome.φ).map {
      StudyEstimate.correlation($0, errors?.autocorrelation ?? .nan, z: z)
    }
    return terms + sigmas + (ρ.map { [$0] } ?? [])
  }
}

extension StudyReplicate {
  /// One whose fit failed.
  init(failed index: Int, _ parameters: [StudyParameter]) {
    self.init(
      index: index, converged: false, singular: false,
      estimates: parameters.map { _ in StudyEstimate(estimate: .nan) })
  }
}
