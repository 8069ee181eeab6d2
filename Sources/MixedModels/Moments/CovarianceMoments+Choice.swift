// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension CovarianceMoments {
  /// The exact moments at φ, and the parameters without σ².
  ///
  /// - Throws: `InferenceError` where the levels' effects are too many.
  package static func of(
    _ model: LinearMixedModel, _ φ: [Double], threads: Int
  ) throws -> (moments: CovarianceMoments, parameters: [CovarianceParameter]) {
    let parameters = model.covariance.linearParameters(φ)
    var factors = model.covariance.emptyFactors
    model.covariance.factors(φ, into: &factors)
    guard model.hasIndependentLevels else {
      return (try related(model, parameters, factors: factors), parameters)
    }
    let moments =
      model.groups.count == 1
      ? try levelwise(model, parameters, factor: factors[0], threads: threads)
      : try crossed(model, parameters, factors: factors, threads: threads)
    return (moments, parameters)
  }
}
