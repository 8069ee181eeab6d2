// SPDX-License-Identifier: GPL-2.0-or-later

import MixedModels
import NumericalMethods

/// A design of repeated measures with the matrices that are true: responses are drawn pattern by pattern, by their
/// sums, and fitted with the structure of the fit.
struct RepeatedStudy: StudiedModel {
  private let draws: RepeatedDraws
  private let settings: StudySettings
  private let isUnstructured: Bool
  private let subject: String
  let parameters: [StudyParameter]

  var rows: Int { draws.observations }
  var groups: [(name: String, levels: Int)] { [(subject, draws.subjects)] }

  /// - Throws: `FitError`, `InferenceError`, `SimulationError`, `NotPositiveDefinite`, `MemoryShortage`.
  init(_ study: FittedStudy, _ residual: ResidualCovariance, _ settings: StudySettings) throws {
    if settings.wantsProfiles {
      throw SimulationError.stated("profiles are not made in studies of repeated measures.")
    }
    self.settings = settings
    (isUnstructured, subject) = (residual.structure == .us, residual.subject)
    let truth = study.truth
    let matrices = truth.residuals.map {
      DenseMatrix(rows: $0.columns.count, columns: $0.columns.count, storage: $0.covariance.flatMap(\.self))
    }
    draws = try RepeatedDraws(study.products, study.options, matrices: matrices)
    parameters = StudyParameter.coefficients(truth)
      + zip(truth.residuals, matrices).flatMap { StudyParameter.covariances($0.group, $0.columns, $1) }
  }

  func replicate(_ index: Int, _ stream: inout RandomStream) -> [StudyReplicate] {
    let response = draws.draw(&stream)
    return settings.methods.map { method in
      guard let outcome = try? draws.fit(response, by: method, settings.degreesOfFreedom(of: method)),
        let estimates = try? estimates(outcome)
      else { return StudyReplicate(failed: index, parameters) }
      return StudyReplicate(
        index: index, converged: outcome.converged, singular: false, estimates: estimates)
    }
  }

  private func estimates(_ outcome: RepeatedDraws.Outcome) throws -> [StudyEstimate] {
    let z = Normal.quantile((1 - settings.level) / 2, tail: .upper)
    return try StudyEstimate.coefficients(
      parameters.map(\.truth), errors: outcome.errors, draws.fixed, outcome.degreesOfFreedom,
      level: settings.level)
      + outcome.arms.flatMap { arm in
        StudyEstimate.covariances(
          arm.matrix, deviationErrors: arm.deviationErrors, correlationErrors: { arm.correlationErrors[$0, $1] },
          z: z)
      }
  }

  /// Coefficients are unbiased by symmetry, the entries of an unstructured matrix by restricted likelihood to
  /// first order.
  func expectedBias(_ method: CriterionKind) -> [Double?] {
    parameters.map { parameter in
      switch parameter.kind {
      case .fixed: 0
      case .variance: isUnstructured && method == .reml ? 0 : nil
      case .standardDeviation, .correlation, .sigma, .residualVariance: nil
      }
    }
  }
}
