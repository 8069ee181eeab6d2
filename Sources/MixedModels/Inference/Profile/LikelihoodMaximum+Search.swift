// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import Glibc

extension LikelihoodMaximum: ProfiledMaximum {
  /// A search along the profile of one parameter, away from its estimate.
  ///
  /// - Parameter standardError: Of the estimate; nil where it is not known.
  /// - Throws: `FitError`, `CholmodError`.
  package func search(
    _ place: IntervalPlace, _ given: Double, standardError: Double?
  ) throws -> ProfileSearch {
    guard let (turned, own, stratum) = turned(for: place) else {
      return try search(place, given, standardError: standardError) { $0 }
    }
    return try turned.search(own, given, standardError: standardError) {
      TurnedDeviance($0, turned.model.covariance, stratum)
    }
  }

  /// - Parameter known: The held deviance as the fit knows it.
  private func search(
    _ place: IntervalPlace, _ given: Double, standardError: Double?,
    _ known: (any HeldDeviance) -> any HeldDeviance
  ) throws -> ProfileSearch {
    let kind = place.kind
    let sigma = exp(logSigma) * model.fixed.responseScale
    var (estimate, spread) = (given, 0.1 * abs(given))
    let held: any HeldDeviance
    var range = kind.range
    if let term = place.term, let structure = model.covariance.blocks[term].structure {
      guard let index = structure.index(of: place) else {
        throw InferenceError.refused(
          "it is a function of several parameters of its term's covariance matrix, or of another correlation. Use \(Setting.intervals("wald")), or bootstrap"
        )
      }
      let isDeviation = structure.parameters[index].isDeviation
      held = try HeldStructureParameter(self, term: term, structure, index: index)
      switch structure.parameters[index] {
      case .correlation(let least): range = least...1
      case .ofLevels(.correlation, _): range = LevelAxes.range
      default: break
      }
      if isDeviation {
        let block = model.covariance.blocks[term]
        let rows = Double(model.observations) / Double(model.groups[block.group].levelCount)
        spread = sigma / rows.squareRoot()
        if estimate < 1e-6 * spread { estimate = 0 }
      }
      return profile(
        known(held), estimate, range, kind.scale, standardError: standardError, spread: spread)
    }
    switch place {
    case .levels:
      throw InferenceError.refused("the term has no correlations between levels")
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
    case .stratum(let s):
      held = try HeldStructureParameter(self, residual: s - 1, isDeviation: true)
      spread = sigma / Double(model.observations).squareRoot()
      if model.zeroStrata(φ)[s] { estimate = 0 }
    case .autocorrelation:
      let residual = model.covariance.residual!
      held = try HeldStructureParameter(self, residual: residual.names.count - 1, isDeviation: false)
      range = residual.serial?.range ?? range
    case .coefficient(let k):
      held = HeldCoefficient(self, index: k, estimate: estimate)
      spread = standardError ?? spread
    }
    return profile(
      known(held), estimate, range, kind.scale, standardError: standardError, spread: spread)
  }
}

extension LinearMixedModel {
  /// Whether a place is a parameter that can be held, and not a function of several.
  package func hasProfile(of place: IntervalPlace) -> Bool {
    guard let term = place.term, let structure = covariance.blocks[term].structure else { return true }
    return structure.index(of: place) != nil
  }
}

extension CovarianceStructure {
  /// The parameter that a place in a term is; nil where it is none by itself.
  fileprivate func index(of place: IntervalPlace) -> Int? {
    switch place {
    case .deviation(_, let column): index(ofDeviation: column)
    case .correlation(_, let row, let column): index(ofCorrelation: row, column)
    case .levels(_, let parameter): parameter
    case .residual, .stratum, .autocorrelation, .coefficient: nil
    }
  }
}
