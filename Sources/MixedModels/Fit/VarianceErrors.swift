// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Asymptotic standard errors of standard deviations and correlations, by the delta method from
/// (φ, log σ).
///
/// Nil on the boundary: where a standard deviation is zero or a correlation ±1.
package struct VarianceErrors: Sendable {
  package let sigma: Double
  /// Parallel to the covariance's blocks.
  package let terms: [Term]
  /// Of the residual standard deviation of every stratum; one where there are none.
  package let strata: [Double]
  /// Of ρ; nil where residuals are independent.
  package let autocorrelation: Double?

  package struct Term: Sendable {
    package let standardDeviations: [Double?]
    /// ℓ × ℓ; nil on the diagonal.
    package let correlations: [[Double?]]

    /// Without those of correlations that are known, and do not change with the parameters.
    var ofEstimates: Term {
      func kept(_ error: Double?) -> Double? { error.flatMap { $0 > 1e-10 ? $0 : nil } }
      return Term(
        standardDeviations: standardDeviations, correlations: correlations.map { $0.map(kept) })
    }

    /// Without those of what the data do not determine; `known` as in `Determination`.
    func known(_ known: [[Bool]]) -> Term {
      Term(
        standardDeviations: standardDeviations.indices.map {
          known[$0][$0] ? standardDeviations[$0] : nil
        },
        correlations: correlations.indices.map { i in
          correlations.indices.map { j in
            known[i][j] && known[i][i] && known[j][j] ? correlations[i][j] : nil
          }
        })
    }
  }

  package init(
    _ covariance: ParameterCovariance, _ structure: RelativeCovariance, φ: [Double], sigma: Double
  ) {
    let n = φ.count
    var last = [Double](repeating: 0, count: n + 1)
    last[n] = sigma
    let ofSigma = covariance.variance(last).squareRoot()
    self.sigma = ofSigma
    let own = structure.residualCoordinates(φ)
    autocorrelation = structure.serial(φ).map { serial, coordinate in
      var slopes = [Double](repeating: 0, count: n + 1)
      slopes[n - 1] = serial.valueSlopes(coordinate)[0]
      return covariance.variance(slopes).squareRoot()
    }
    let ratios = structure.strata(φ).map { $0.structure.values($0.coordinates) } ?? []
    let held = structure.heldCoordinates(φ)
    strata =
      [ofSigma]
      + ratios.enumerated().map { s, ratio in
        var slopes = [Double](repeating: 0, count: n + 1)  // of log σ_s = φ_s + log σ
        (slopes[own.startIndex + s], slopes[n]) = (held.contains(own.startIndex + s) ? 0 : 1, 1)
        return ratio * sigma * covariance.variance(slopes).squareRoot()
      }
    terms = zip(structure.blocks, structure.blockRanges).map { block, range in
      let slopes = RelativeSlopes(block, Array(φ[range]))
      func error(_ own: [Double], scale: Double, sigmaSlope: Double) -> Double {
        var all = [Double](repeating: 0, count: n + 1)
        for (k, slope) in zip(range, own) { all[k] = scale * slope }
        all[n] = sigmaSlope
        return covariance.variance(all).squareRoot()
      }
      let here = slopes.here
      return Term(
        standardDeviations: (0..<block.size).map { i in
          guard here.isFree(i) else { return nil }
          return error(
            slopes.deviations[i], scale: sigma, sigmaSlope: sigma * here.deviations[i])
        },
        correlations: (0..<block.size).map { i in
          (0..<block.size).map { j in
            guard i != j, here.isFree(i), here.isFree(j), abs(here.correlations[i, j]) < 1 - 1e-8
            else { return nil }
            return error(slopes.correlations[j * block.size + i], scale: 1, sigmaSlope: 0)
          }
        })
    }
  }
}
