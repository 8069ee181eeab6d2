// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

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
    let pairs = columns.flatMap { [$0.near, $0.far].compactMap(\.self) }
    guard let count = pairs.first?.ahead.probes.count, count > 1,
      pairs.allSatisfy({ $0.ahead.probes.count == count && $0.behind.probes.count == count })
    else { return nil }
    let deviations = columns.map { column in
      let slopes = column.slope(\.probes)
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
      coefficientSlopes: columns.map { $0.slope(\.coefficients) })
  }
}

extension ProbeSlopes {
  /// The largest share of its own standard error by which the probes move a combination of φ, or a
  /// coefficient in working columns.
  ///
  /// With the criterion −2ℓ, Hessian H and the gradient's covariance G over the probes, Cov(φ̂) is 2H⁻¹ by
  /// sampling and H⁻¹GH⁻¹ by the probes: the share is the root of the largest eigenvalue of
  /// ½ H^(−½)GH^(−½). σ²[K⁻¹]_xx is the coefficients' covariance.
  func largestShare(
    _ hessian: DenseMatrix, units: [Double], _ centre: CriterionDerivatives
  ) -> Double {
    let n = hessian.rows
    var scaled = hessian
    for j in 0..<n { for i in 0..<n { scaled[i, j] *= units[i] * units[j] } }
    let (values, vectors) = symmetricEigenvectors(scaled)
    let largest = values.last ?? 0
    // H^(−½), where the criterion curves upwards at all.
    var roots = vectors
    for j in 0..<n {
      let root = values[j] > 1e-7 * largest ? 1 / values[j].squareRoot() : 0
      for i in 0..<n { roots[i, j] *= root * units[i] }
    }
    let inner = roots.multipliedByTransposeOnLeft(gradientCovariance * roots)
    let ofφ = max(symmetricEigenvalues(inner).last ?? 0, 0) / 2
    let C = roots.multipliedByTransposeOnRight(roots)
    let covariance = C * gradientCovariance * C
    let p = centre.fixedEffectsCovariance.rows
    let ofβ = (0..<p).reduce(0.0) { share, i in
      let slope = coefficientSlopes.map { $0[i] }
      let own = centre.fixedEffectsCovariance[i, i] / centre.residualWeight
      return max(share, own > 0 ? dot(slope, covariance * slope) / own : 0)
    }
    return max(ofφ, ofβ).squareRoot()
  }
}
