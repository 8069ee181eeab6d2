// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Draws responses of a model with residual strata by the cross-products of each: the random effects are
/// those of all rows, the residuals of a stratum have its own standard deviation.
///
/// As exact as `ResponseSimulator`, which draws each stratum's products, since residuals are independent
/// from one stratum to the other.
struct StrataSimulator: Sendable {
  private let model: LinearMixedModel
  private let strata: [ResponseSimulator]

  /// - Parameter sigma: Of the first stratum, in units of the scaled response.
  /// - Returns: nil where residuals have one variance.
  /// - Throws: `InferenceError` where levels are related, or crossed factors are too large.
  init?(_ model: LinearMixedModel, φ: [Double], sigma: Double, memory: Int = availableMemory()) throws {
    guard model.covariance.residual?.serial == nil, let structure = model.covariance.residual?.strata,
      let parts = model.parts
    else { return nil }
    try model.requireNoAbsorbedFactors(ForSomeModels.bootstrap.name)
    guard model.hasIndependentLevels else {
      throw InferenceError.refused(
        "bootstrap replicates are not drawn where both levels are related and residual variances differ. Take \(Setting.intervals("wald")).")
    }
    let spreads = model.levelFactors(φ)
    let ratios = [1] + model.strataRatios(φ)
    self.model = model
    strata = try parts.all.indices.map { k in
      try ResponseSimulator(
        rowsOf: model.alone(parts.all[k], rows: structure.rows[k]), spreads: spreads,
        sigma: ratios[k] * sigma, memory: memory)
    }
  }

  /// The model with a response that was drawn.
  func draw(_ stream: inout RandomStream) -> LinearMixedModel {
    let b = strata[0].effects(&stream)  // relative to σ of the first
    var parts = model.parts!
    for k in strata.indices {
      parts.all[k] = parts.all[k].replacingResponse(strata[k].draw(b, &stream))
    }
    var drawn = model
    drawn.parts = parts
    return drawn.weighted(by: strata.map { _ in 1 })
  }
}

extension LinearMixedModel {
  /// Some of the rows, with independent residuals of one variance.
  fileprivate func alone(_ part: ModelPart, rows: Int) -> LinearMixedModel {
    var covariance = covariance
    covariance.residual = nil
    return LinearMixedModel(
      observations: rows, sumOfLogWeights: 0, groups: part.groups, fixedLevels: nil,
      pairs: part.pairs, tail: part.tail, covariance: covariance, fixed: fixed, terms: terms,
      knownVariance: nil)
  }
}
