// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Glibc

extension LikelihoodMaximum {
  /// A search along the profile of one parameter, away from its estimate.
  ///
  /// - Parameter standardError: Of the estimate; nil where it is not known.
  /// - Throws: `FitError`, `CholmodError`.
  func search(
    _ place: IntervalPlace, _ given: Double, standardError: Double?
  ) throws -> ProfileSearch {
    let kind = place.kind
    let sigma = exp(logSigma) * model.fixed.responseScale
    var (estimate, spread) = (given, 0.1 * abs(given))
    let held: any HeldDeviance
    if let term = place.term, model.covariance.blocks[term].structure != nil {
      throw InferenceError.refused(
        "standard deviations and correlations of a structured term have no profiles. Use \(Setting.intervals("bootstrap")), or wald for the coefficients."
      )
    }
    switch place {
    case .deviation(let term, let column):
      let deviation = try HeldDeviation(self, term: term, column: column)
      held = deviation
      let block = model.covariance.blocks[term]
      let rows = Double(model.observations) / Double(model.groups[block.group].levelCount)
      spread = sigma * deviation.unit / rows.squareRoot()
      if estimate < 1e-6 * spread { estimate = 0 }
    case .correlation(let term, let row, let column):
      held = try HeldCorrelation(self, term: term, columns: [column, row])
      if abs(estimate) > 1 - 1e-7 { estimate = estimate < 0 ? -1 : 1 }
    case .residual: held = try HeldResidual(self)
    case .stratum:
      throw InferenceError.refused(
        "the residual standard deviations of strata behind the first have no profiles: put the stratum first (\(Setting.levels)), or use \(Setting.intervals("wald"))."
      )
    case .coefficient(let k):
      held = HeldCoefficient(self, index: k, estimate: estimate)
      spread = standardError ?? spread
    }
    let isInside = estimate > kind.range.lowerBound && estimate < kind.range.upperBound
    let scale = isInside ? kind.scale : .identity
    let error = isInside ? standardError.map { $0 * scale.slope(estimate) } : nil
    return ProfileSearch(
      held: held, estimate: estimate, range: kind.range, scale: scale, standardError: error,
      spread: spread, leastDeviance: deviance)
  }
}
