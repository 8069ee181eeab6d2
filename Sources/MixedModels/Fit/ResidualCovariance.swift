// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The covariance matrix of the residuals of a subject, or one for every arm.
public struct ResidualCovariance: Sendable {
  /// As it was written: `us(visit | subject)`.
  public let term: String
  public let structure: VisitStructure
  /// Columns of the table.
  public let visit: String
  public let subject: String
  public let arm: String?
  public let subjects: Int
  /// Sets of visits that some subject was seen at, in every arm.
  public let patterns: Int
  /// Parameters of all matrices.
  public let parameterCount: Int
  /// The matrix, with the visits for columns, `Residual`; of every arm, where there are several,
  /// `Residual:ARM`.
  public let components: [VarianceComponent]
}

extension ResidualCovariance {
  /// The word, and what it means.
  package var title: String { "\(structure.rawValue) (\(structure.title))" }

  init(_ model: RepeatedModel, _ optimum: RepeatedOptimum) {
    let estimates = RepeatedEstimates(model, optimum)
    (term, structure) = (model.term.text, model.covariance.structure)
    (visit, subject, arm) = (model.term.visit, model.term.subject, model.term.arm)
    (subjects, patterns) = (model.subjects, model.patterns.count)
    parameterCount = model.parameterCount
    let m = model.visits.count
    components = model.arms.indices.map { arm in
      let Σ = estimates.matrices[arm]
      let deviations = Σ.diagonal.map { $0.squareRoot() }
      return VarianceComponent(
        model.residualName(arm), group: model.term.subject,
        levelCount: model.patterns.reduce(0) { $0 + ($1.arm == arm ? $1.subjects : 0) },
        columns: model.visits, standardDeviations: deviations,
        correlations: (0..<m).map { i in
          (0..<m).map { i == $0 ? 1 : Σ[i, $0] / (deviations[i] * deviations[$0]) }
        },
        covariances: (0..<m).map { i in (0..<m).map { Σ[i, $0] } },
        standardErrors: estimates.standardErrors[arm].map { $0.isFinite ? $0 : nil },
        correlationStandardErrors: (0..<m).map { i in
          (0..<m).map { i == $0 ? nil : estimates.correlationErrors[arm][i, $0] }
        })
    }
  }
}

extension RepeatedModel {
  /// What the matrix of an arm is called.
  func residualName(_ arm: Int) -> String {
    term.arm == nil ? "Residual" : "Residual:\(arms[arm])"
  }
}
