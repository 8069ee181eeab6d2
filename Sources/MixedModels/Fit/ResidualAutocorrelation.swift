// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// How the residuals of a subject are correlated in time, beside random effects.
public struct ResidualAutocorrelation: Sendable {
  /// Rows of a subject that follow each other.
  public struct Steps: Sendable {
    /// The time between the two.
    public let length: Double
    public let count: Int
    /// ρ^length
    public let correlation: Double
  }
  /// As it was written: `ar1(time | subject)`.
  public let term: String
  /// `ar1` or `car1`
  public let word: String
  /// Columns of the table.
  public let time: String
  public let subject: String
  public let subjects: Int
  /// ρ between rows that are `unit` apart, with its standard error from the Hessian.
  public let correlation: StructureEstimate
  /// 1, or for `ar1` the time of which all steps are multiples.
  public let unit: Double
  /// By ascending lengths.
  public let steps: [Steps]
}

extension ResidualAutocorrelation {
  /// - Parameter error: Of ρ; nil where it is not known.
  init?(_ model: LinearMixedModel, φ: [Double], _ error: Double?) {
    guard let (structure, own) = model.covariance.serial(φ) else { return nil }
    (term, word) = (structure.term.text, structure.word.rawValue)
    (time, subject) = (structure.term.visit, structure.term.subject)
    subjects = structure.subjects
    unit = structure.word == .ar1 ? structure.unit : 1
    correlation = StructureEstimate(
      correlation: structure.values(own)[0], structure.isOnBoundary(own) ? nil : error,
      least: structure.range.lowerBound)
    steps = structure.lengths.indices.map { k in
      Steps(
        length: structure.lengths[k], count: structure.steps[k],
        correlation: structure.correlation(k, own))
    }
  }
}

extension LinearMixedModel {
  /// What to say of a correlation of residuals that goes to the least that it may be.
  func vanishingCorrelation(_ φ: [Double]) -> [String] {
    guard let (structure, own) = covariance.serial(φ), structure.isOnBoundary(own) else { return [] }
    return [
      "the correlation of residuals in time, \(structure.term.text), is estimated as zero, the least that car1 allows; ar1 allows negative ones"
    ]
  }
}
