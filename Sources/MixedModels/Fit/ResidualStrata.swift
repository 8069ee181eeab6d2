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
    /// σ_s / σ of the first stratum, which is 1 there; infinite where that one's is zero.
    public let ratio: Double
    /// Asymptotic, from the Hessian; nil where that is not known, on the boundary, at zero, or where the parameters
    /// were given.
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
    guard let (structure, own) = model.covariance.strata(φ) else { return nil }
    let ratios = [1] + structure.values(own)
    let isZero = structure.isZero(own)
    name = structure.name
    strata = structure.labels.indices.map { s in
      let deviation = isZero[s] ? 0 : ratios[s] * sigma
      let error = isZero[s] ? nil : errors?[s]
      let interval = error.map { logarithmicWaldInterval(deviation, $0) }
      return Stratum(
        label: structure.labels[s], observations: structure.rows[s],
        standardDeviation: deviation, ratio: s == 0 ? 1 : isZero[s] ? 0 : isZero[0] ? .infinity : ratios[s],
        standardError: error,
        confidenceInterval: interval)
    }
  }
}

extension LinearMixedModel {
  /// Of every stratum, whether its residual variance is estimated as zero; none where all rows have one.
  func zeroStrata(_ φ: [Double]) -> [Bool] {
    covariance.strata(φ).map { $0.structure.isZero($0.coordinates) } ?? []
  }

  /// What to say of these strata.
  func vanishingStrata(_ φ: [Double]) -> [String] {
    guard let strata = covariance.residual?.strata else { return [] }
    return zip(strata.labels, zeroStrata(φ)).filter(\.1).map { label, _ in
      "the residual variance of the stratum “\(label)” of \(strata.name) is estimated as zero, an edge where it has no standard error: random effects explain its rows exactly, or they are too few to tell. Merge it with another"
    }
  }
}
