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

/// What changes with the probes near the optimum.
///
/// Every probe gives a log-determinant; the estimate is their mean. The differences between points
/// that the Hessian needs anyway give, probe by probe, the gradient.
struct ProbeSlopes: Sendable {
  let probes: Int
  /// Covariance of the gradient of the criterion over the choice of the probes, n × n.
  let gradientCovariance: DenseMatrix
  /// ∂β/∂φ_k in working coordinates and units of the scaled response.
  let coefficientSlopes: [[Double]]
}

extension ProbeSlopes {
  /// - Returns: nil where the criterion is exact.
  init?(_ columns: [CriterionCurvature.Column]) {
    guard let count = columns.first?.ahead.probes.count, count > 1,
      columns.allSatisfy({ $0.ahead.probes.count == count && $0.behind.probes.count == count })
    else { return nil }
    let deviations = columns.map { column in
      let slopes = zip(column.ahead.probes, column.behind.probes).map {
        ($0 - $1) / column.distance
      }
      let mean = slopes.reduce(0, +) / Double(count)
      return slopes.map { $0 - mean }
    }
    let n = columns.count
    var covariance = DenseMatrix(rows: n, columns: n)
    for j in 0..<n {
      for i in 0..<n {
        covariance[i, j] = dot(deviations[i], deviations[j]) / Double(count * (count - 1))
      }
    }
    self.init(
      probes: count, gradientCovariance: covariance,
      coefficientSlopes: columns.map { column in
        zip(column.ahead.coefficients, column.behind.coefficients).map {
          ($0 - $1) / column.distance
        }
      })
  }
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
    let inverse = curvature.hessian.pseudoInverse(units: curvature.units)
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
    let half = sigma * curvature.residualWeight / (2 * df)
    self.sigma = error(curvature.residualSlope.map { half * $0 }, C)
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
