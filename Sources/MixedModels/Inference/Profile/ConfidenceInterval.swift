// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// A confidence interval of one parameter, by whatever method.
public struct ConfidenceInterval: Sendable {
  public let parameter: ModelParameter
  public let estimate: Double?
  /// nil where it is not known; `message` says why.
  public var lower: Double?
  public var upper: Double?
  /// The interval reaches the edge of what the parameter can be.
  public var lowerAtBound = false
  public var upperAtBound = false
  public var message: String?

  init(
    _ parameter: ModelParameter, estimate: Double?,
    _ limits: (low: Double, high: Double)? = nil, message: String? = nil
  ) {
    (self.parameter, self.estimate, self.message) = (parameter, estimate, message)
    (lower, upper) = (limits?.low, limits?.high)
    lowerAtBound = lower == parameter.range.lowerBound
    upperAtBound = upper == parameter.range.upperBound
  }
}

extension ModelParameter {
  /// lme4's groups of parameters.
  var isFixed: Bool { kind == .fixed }
}

extension FittedModel {
  /// The standard deviations of every term with their correlations, σ, then the coefficients: the
  /// order of lme4's profiles.
  public var intervalParameters: [ModelParameter] {
    let all = modelParameters.filter { $0.kind != .theta }
    return all.filter { !$0.isFixed } + all.filter(\.isFixed)
  }

  /// The parameters that are wanted: names, `theta` for all standard deviations and correlations
  /// with σ, `beta` for all coefficients; none stands for all.
  ///
  /// - Throws: `InferenceError` for a name that is neither.
  public func intervalParameters(named wanted: [String]) throws -> [ModelParameter] {
    let all = intervalParameters
    let groups = ["theta", "theta_", "beta", "beta_"]
    for name in wanted where !groups.contains(name) && !all.map(\.name).containsLabel(name) {
      let near = closestName(to: name, among: all.map(\.name) + ["theta", "beta"])
      throw InferenceError.refused(
        "no parameter “\(name)”. \(near.map { "Did you mean “\($0)”? " } ?? "")There are \(all.map(\.name).joined(separator: ", ")), and the groups theta and beta."
      )
    }
    guard !wanted.isEmpty else { return all }
    return all.filter { parameter in
      wanted.containsLabel(parameter.name)
        || wanted.contains { $0.hasPrefix("beta") && groups.contains($0) && parameter.isFixed }
        || wanted.contains { $0.hasPrefix("theta") && groups.contains($0) && !parameter.isFixed }
    }
  }

  /// Where each of `intervalParameters` stands among terms and columns.
  var intervalPlaces: [IntervalPlace] {
    let residual = fit.residual.map { $0.components.indices.flatMap(residualPlaces) }
    return (residual ?? model.covariancePlaces) + model.coefficientPlaces
  }

  /// The standard deviations of the residuals of an arm, each followed by its correlations.
  private func residualPlaces(_ arm: Int) -> [IntervalPlace] {
    let visits = fit.residual?.components[arm].columns.indices ?? 0..<0
    return visits.flatMap { j -> [IntervalPlace] in
      [.deviation(term: arm, column: j)]
        + visits.dropFirst(j + 1).map { .correlation(term: arm, row: $0, column: j) }
    }
  }
}

extension LinearMixedModel {
  /// The standard deviations of every term, each followed by its correlations, and σ.
  package var covariancePlaces: [IntervalPlace] {
    let terms = covariance.blocks.enumerated().flatMap { t, block in
      (0..<block.size).flatMap { j -> [IntervalPlace] in
        [.deviation(term: t, column: j)]
          + (0..<block.size).dropFirst(j + 1).map { .correlation(term: t, row: $0, column: j) }
      } + block.levelCorrelations.map { .levels(term: t, parameter: $0) }
    }
    return terms + [.residual]
      + (covariance.residual?.strata?.names ?? []).indices.map { .stratum($0 + 1) }
      + (covariance.residual?.serial == nil ? [] : [.autocorrelation])
  }

  /// The kept coefficients, but for those of sparse columns.
  package var coefficientPlaces: [IntervalPlace] { ownColumns.map { .coefficient($0) } }
}

/// A parameter by its place in the model.
package enum IntervalPlace: Equatable {
  case deviation(term: Int, column: Int)
  case correlation(term: Int, row: Int, column: Int)
  /// A correlation of levels, among the parameters of the term's structure.
  case levels(term: Int, parameter: Int)
  /// σ, of the first stratum where there are several.
  case residual
  /// The residual standard deviation of a stratum behind the first.
  case stratum(Int)
  /// Of residuals in time.
  case autocorrelation
  /// Among the kept columns.
  case coefficient(Int)

  /// The random-effects term it belongs to.
  package var term: Int? {
    switch self {
    case .deviation(let term, _), .correlation(let term, _, _), .levels(let term, _): term
    case .residual, .stratum, .autocorrelation, .coefficient: nil
    }
  }

  package var kind: ModelParameter.Kind {
    switch self {
    case .deviation: .standardDeviation
    case .correlation, .levels, .autocorrelation: .correlation
    case .residual, .stratum: .sigma
    case .coefficient: .fixed
    }
  }
}
