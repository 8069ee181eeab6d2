// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// How far the estimates lie from those of the exact criterion, where the criterion is an estimate
/// itself: standard errors over the choice of its probes, to be read beside those of sampling.
public struct MonteCarloErrors: Sendable, Equatable {
  /// Probes; their number less one are the degrees of freedom of these errors.
  public let probes: Int
  /// Parallel to θ.
  public let theta: [Double]
  public let sigma: Double
  /// Of the kept columns' coefficients.
  public let fixed: [Double]
  /// The largest error of θ, as a share of the standard error that θ has from sampling.
  public let largestShare: Double
}

extension MonteCarloErrors {
  /// δφ = −H⁻¹δg, and what follows from φ: θ, and σ and β, which are exact given φ.
  ///
  /// - Returns: nil where the criterion is exact.
  init?(
    _ curvature: CriterionCurvature, _ model: LinearMixedModel, φ: [Double], sigma: Double,
    df: Double
  ) {
    guard let slopes = curvature.probeSlopes else { return nil }
    let inverse = curvature.hessian.pseudoInverse(cut: 1e-7, units: curvature.units)
    let C = inverse * slopes.gradientCovariance * inverse
    func error(_ slope: [Double], _ C: DenseMatrix) -> Double {
      max(dot(slope, C * slope), 0).squareRoot()
    }
    let structure = model.covariance
    let thetaSlopes = Self.slopes(of: structure.theta, at: φ, units: curvature.units)
    theta = thetaSlopes.map { error($0, C) }
    let sampling = 2 * inverse
    largestShare = thetaSlopes.reduce(0) { share, slope in
      let own = error(slope, sampling)
      return own > 0 ? max(share, error(slope, C) / own) : share
    }
    // σ² = r²/df, and w = df/r².
    let half = model.knownVariance == nil ? sigma * curvature.residualWeight / (2 * df) : 0
    let follows = model.covariance.logSigma(φ)?.slopes.map { sigma * $0 }
    self.sigma = error(follows ?? curvature.residualSlope.map { half * $0 }, C)
    let fixed = model.fixed
    let β = slopes.coefficientSlopes.map { slope in
      fixed.solveR(
        DenseMatrix(
          rows: slope.count, columns: 1, storage: slope.map { fixed.responseScale * $0 })
      ).storage
    }
    self.fixed = (0..<model.fixedEffectCount).map { i in error(β.map { $0[i] }, C) }
    probes = slopes.probes
  }

  /// Derivatives of every value of a function in φ, by central differences.
  private static func slopes(
    of function: ([Double]) -> [Double], at φ: [Double], units: [Double]
  ) -> [[Double]] {
    let columns = φ.indices.map { k -> [Double] in
      let step = 1e-5 * units[k]
      var (ahead, behind) = (φ, φ)
      ahead[k] += step
      behind[k] -= step
      return zip(function(ahead), function(behind)).map { ($0 - $1) / (2 * step) }
    }
    let count = columns.first?.count ?? 0
    return (0..<count).map { i in columns.map { $0[i] } }
  }
}
