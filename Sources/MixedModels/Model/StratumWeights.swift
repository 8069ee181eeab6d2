// SPDX-License-Identifier: GPL-2.0-or-later

/// What residual strata multiply the rows' prior weights by: c_s = (σ/σ_s)² of the stratum.
struct StratumWeights: Sendable {
  /// The raw cell set that tells the strata apart.
  let cellSet: Int
  /// c_s of every cell.
  let factors: [Double]

  /// c_s of rows by their codes; NaN where the stratum is missing or unknown.
  func callAsFunction(_ codes: [Int32]) -> [Double] {
    codes.map { $0 < 0 ? .nan : factors[Int($0)] }
  }
}

extension LinearMixedModel {
  /// Those of the strata at φ; nil where all rows have one residual variance.
  func stratumWeights(_ φ: [Double]) -> StratumWeights? {
    guard let strata = covariance.residual as? VarianceStrata else { return nil }
    let c = coefficients(φ)
    return StratumWeights(cellSet: strata.cellSet, factors: strata.cells.map { c[$0] })
  }

  /// With independent residuals of one variance for all rows.
  func withIndependentResiduals() -> LinearMixedModel {
    guard let parts else { return self }
    var model = weighted(by: covariance.residual?.independent ?? parts.all.map { _ in 1 })
    model.sumOfLogWeights = parts.sumOfLogWeights
    (model.parts, model.covariance.residual) = (nil, nil)
    return model
  }
}
