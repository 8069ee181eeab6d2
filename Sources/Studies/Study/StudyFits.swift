// SPDX-License-Identifier: GPL-2.0-or-later

import MixedModels
import Glibc
import NumericalMethods

/// Draws responses of one design and fits each by every method.
struct StudyFits: Sendable {
  private let study: StudyModel
  private let settings: StudySettings
  private let refits: [Refitting]
  private let profiles: StudyProfiles?

  /// - Throws: `FitError`, `CholmodError`.
  init(_ study: StudyModel, _ settings: StudySettings) throws {
    (self.study, self.settings) = (study, settings)
    if !study.model.strataLabels.isEmpty {
      if settings.wantsProfiles {
        throw SimulationError.stated("profiles are not made for strata of residuals.")
      }
      if [.kenwardRoger, .kenwardRogerLinear].contains(settings.degreesOfFreedom) {
        throw SimulationError.stated(
          "Kenward and Roger's adjustment is for residuals of one variance. Use \(Setting.degreesOfFreedom(["satterthwaite"])).")
      }
    }
    refits = try settings.methods.map {
      try Refitting(study.model, kind: $0, start: study.φ, solver: settings.solver)
    }
    profiles =
      settings.wantsProfiles
      ? try StudyProfiles(study, level: settings.level, solver: settings.solver) : nil
  }

  /// One replicate by every method; the same response for all.
  func replicate(_ index: Int, _ stream: inout RandomStream) -> [StudyReplicate] {
    let response = study.simulator.draw(&stream)
    return zip(settings.methods, refits).map { method, refitting in
      guard let outcome = try? refitting.fit(response, wantsCurvature: true),
        var estimates = try? estimates(outcome, method)
      else {
        return StudyReplicate(
          index: index, converged: false, singular: false,
          estimates: study.parameters.map { _ in StudyEstimate(estimate: .nan) })
      }
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

  /// Wald t intervals and tests of zero.
  private func coefficients(
    _ outcome: Refitting.Outcome, _ method: CriterionKind
  ) throws -> [StudyEstimate] {
    let (model, s) = (study.model, study.model.fixed.responseScale)
    let p = model.fixedEffectCount
    // The response was drawn relative to its fixed part, so this is the estimate's error.
    let errors = model.fixed.solveR(
      DenseMatrix(rows: p, columns: 1, storage: outcome.β.map { s * $0 })
    ).storage
    let ddf = try degreesOfFreedom(outcome, method)
    return try (0..<p).map { k in
      var row = [Double](repeating: 0, count: p)
      row[k] = 1
      let l = model.fixed.workingRow(row)
      let df = try ddf.denominator(
        LinearHypothesis(rows: DenseMatrix(rows: 1, columns: p, storage: l))
      ).degreesOfFreedom
      var estimate = StudyEstimate(estimate: study.parameters[k].truth + errors[k])
      estimate.standardError = max(dot(l, ddf.covariance * l), 0).squareRoot()
      guard let df else { return estimate }
      let t = StudentT(degreesOfFreedom: df)
      let margin =
        t.quantile((1 - settings.level) / 2, tail: .upper) * estimate.standardError
      estimate.df = df
      estimate.pValue = t.twoSided(estimate.estimate / estimate.standardError)
      (estimate.low, estimate.high) = (estimate.estimate - margin, estimate.estimate + margin)
      return estimate
    }
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
    var estimates: [StudyEstimate] = []
    for (t, λ) in model.covariance.reportedFactors(outcome.φ).enumerated() {
      let C = λ * λ.transposed
      let sd = C.diagonal.map { $0.squareRoot() }
      for j in sd.indices {
        let error = errors?.terms[t].standardDeviations[j] ?? .nan
        estimates += StudyEstimate.deviation(outcome.sigma * sd[j], error, z: z)
        for i in sd.indices.dropFirst(j + 1) {
          let product = sd[i] * sd[j]
          estimates.append(
            .correlation(
              product > 0 ? min(1, max(-1, C[i, j] / product)) : .nan,
              errors?.terms[t].correlations[i][j] ?? .nan, z: z))
        }
      }
    }
    return estimates
      + ([1] + model.strataRatios(outcome.φ)).enumerated().flatMap { s, ratio in
        StudyEstimate.deviation(ratio * outcome.sigma, errors?.strata[s] ?? .nan, z: z)
      }
  }
}

extension StudyEstimate {
  /// A standard deviation and its square.
  fileprivate static func deviation(
    _ sd: Double, _ error: Double, z: Double
  ) -> [StudyEstimate] {
    var deviation = StudyEstimate(estimate: sd)
    var variance = StudyEstimate(estimate: sd * sd)
    guard sd > 0, error.isFinite else { return [deviation, variance] }
    let factor = exp(z * error / sd)
    (deviation.standardError, variance.standardError) = (error, 2 * sd * error)
    (deviation.low, deviation.high) = (sd / factor, sd * factor)
    (variance.low, variance.high) = (deviation.low * deviation.low, deviation.high * deviation.high)
    return [deviation, variance]
  }

  fileprivate static func correlation(_ r: Double, _ error: Double, z: Double) -> StudyEstimate {
    var estimate = StudyEstimate(estimate: r)
    guard abs(r) < 1, error.isFinite else { return estimate }
    estimate.standardError = error
    let margin = z * error / (1 - r * r)
    let centre = atanh(r)
    estimate.low = tanh(centre - margin)
    estimate.high = tanh(centre + margin)
    return estimate
  }
}
