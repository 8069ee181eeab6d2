// SPDX-License-Identifier: GPL-2.0-or-later

/// The residual standard deviations of strata of rows (nlme's `varIdent`).
public struct ResidualStrata: Sendable {
  public struct Stratum: Sendable {
    /// Of an interaction the levels with colons between them.
    public let label: String
    /// Rows.
    public let observations: Int
    /// σ_s
    public let standardDeviation: Double
    /// σ_s / σ of the first stratum, which is 1 there.
    public let ratio: Double
    /// Asymptotic, from the Hessian; nil where that is not known, or the parameters were given.
    public let standardError: Double?
    /// Covers 95 % on the scale of the logarithm.
    public let confidenceInterval: (low: Double, high: Double)?
  }
  /// What tells the strata apart: a column, or several with colons between them.
  public let name: String
  /// In the order of the levels.
  public let strata: [Stratum]
}

extension ResidualStrata {
  /// - Parameter errors: Standard errors, one for every stratum; nil where they are not known.
  init?(_ model: LinearMixedModel, φ: [Double], sigma: Double, _ errors: [Double]?) {
    guard let structure = model.covariance.residual as? VarianceStrata else { return nil }
    let ratios = [1] + structure.values(model.covariance.residualCoordinates(φ))
    name = structure.name
    strata = structure.labels.indices.map { s in
      let deviation = ratios[s] * sigma
      let error = errors?[s]
      let interval = error.map { logarithmicWaldInterval(deviation, $0) }
      return Stratum(
        label: structure.labels[s], observations: structure.rows[s],
        standardDeviation: deviation, ratio: ratios[s], standardError: error,
        confidenceInterval: interval)
    }
  }
}

extension LinearMixedModel {
  /// A stratum's residual standard deviation below this share of the largest is as good as zero.
  private static let vanishing = 1e-4

  /// What to say of strata whose residual variance goes to zero.
  func vanishingStrata(_ φ: [Double]) -> [String] {
    guard let strata = covariance.residual as? VarianceStrata else { return [] }
    let ratios = [1] + strata.values(covariance.residualCoordinates(φ))
    let largest = ratios.max() ?? 1
    return zip(strata.labels, ratios).filter { $0.1 < Self.vanishing * largest }.map { label, _ in
      "the residual variance of the stratum “\(label)” of \(strata.name) is estimated as zero: its rows are explained exactly, or are too few to tell. Merge it with another"
    }
  }
}
