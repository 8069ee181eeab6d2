// SPDX-License-Identifier: GPL-2.0-or-later

import MixedModels
import NumericalMethods

/// Profile intervals of one design's parameters.
struct StudyProfiles: Sendable {
  /// A parameter that is profiled, by its place among the study's.
  private struct Entry {
    let index: Int
    let place: IntervalPlace
    /// The next parameter is its square.
    let hasSquare: Bool
  }
  private let entries: [Entry]
  private let choice: EquationsPlan.Choice
  /// √χ²(1) of the level.
  private let ζ: Double

  /// - Throws: `FitError`, `CholmodError`.
  init(_ study: StudyModel, level: Double, solver: String) throws {
    let model = study.model
    choice = try EquationsPlan.exact(model, insteadOf: solver).choice
    ζ = ChiSquared(degreesOfFreedom: 1).quantile(level).squareRoot()
    let parameters = study.parameters
    // A square has no profile of its own.
    let own = parameters.indices.filter { !parameters[$0].isSquare }
    entries = zip(own, model.coefficientPlaces + model.covariancePlaces).compactMap { index, place in
      guard model.hasProfile(of: place) else { return nil }
      return Entry(
        index: index, place: place,
        hasSquare: index + 1 < parameters.count && parameters[index + 1].isSquare)
    }
  }

  /// Adds limits to what a fit by maximum likelihood says of the parameters.
  func add(
    to estimates: inout [StudyEstimate], _ response: LinearMixedModel,
    _ outcome: Refitting.Outcome
  ) {
    let maximum = try? LikelihoodMaximum(
      response, choice, bytes: 0, φ: outcome.φ, outcome.curvature)
    for entry in entries {
      var estimate = estimates[entry.index]
      // A correlation with an effect that is zero has none.
      guard estimate.estimate.isFinite else { continue }
      if let limits = maximum.flatMap({ limits(entry, estimate, $0) }) {
        (estimate.profileLow, estimate.profileHigh) = limits
      } else {
        estimate.profileFailed = true
      }
      estimates[entry.index] = estimate
      guard entry.hasSquare else { continue }
      estimates[entry.index + 1].profileLow = estimate.profileLow * estimate.profileLow
      estimates[entry.index + 1].profileHigh = estimate.profileHigh * estimate.profileHigh
      estimates[entry.index + 1].profileFailed = estimate.profileFailed
    }
  }

  /// nil where one cannot be found.
  private func limits(
    _ entry: Entry, _ estimate: StudyEstimate, _ maximum: LikelihoodMaximum
  ) -> (low: Double, high: Double)? {
    let error = estimate.standardError
    guard
      var search = try? maximum.search(
        entry.place, estimate.estimate, standardError: error.isFinite ? error : nil),
      let low = try? search.limit(-ζ), let high = try? search.limit(ζ)
    else { return nil }
    return (low.value, high.value)
  }
}

extension ProfileSearch.Limit {
  fileprivate var value: Double {
    switch self {
    case .at(let value), .bound(let value): value
    }
  }
}
