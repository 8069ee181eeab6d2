// SPDX-License-Identifier: GPL-2.0-or-later

import Glibc
import MixedModels
import NumericalMethods

extension StudyEstimate {
  /// Wald t intervals and tests of zero of the kept coefficients.
  ///
  /// - Parameters:
  ///   - truths: Of the coefficients.
  ///   - errors: What the estimates are off by.
  ///   - fixed: The way from working coordinates, which `ddf` is in.
  ///   - ddf: With the covariance of the estimates.
  ///   - level: Of the intervals.
  static func coefficients(
    _ truths: [Double], errors: [Double], _ fixed: FixedCoordinates, _ ddf: any DenominatorDegreesOfFreedom,
    level: Double
  ) throws -> [StudyEstimate] {
    let p = errors.count
    return try (0..<p).map { k in
      var row = [Double](repeating: 0, count: p)
      row[k] = 1
      let l = fixed.workingRow(row)
      let df = try ddf.denominator(
        LinearHypothesis(rows: DenseMatrix(rows: 1, columns: p, storage: l))
      ).degreesOfFreedom
      var estimate = StudyEstimate(estimate: truths[k] + errors[k])
      estimate.standardError = max(dot(l, ddf.covariance * l), 0).squareRoot()
      guard let df else { return estimate }
      let t = StudentT(degreesOfFreedom: df)
      let margin = t.quantile((1 - level) / 2, tail: .upper) * estimate.standardError
      estimate.df = df
      estimate.pValue = t.twoSided(estimate.estimate / estimate.standardError)
      (estimate.low, estimate.high) = (estimate.estimate - margin, estimate.estimate + margin)
      return estimate
    }
  }

  /// Of a covariance matrix every standard deviation and its square, followed by its correlations.
  ///
  /// - Parameters:
  ///   - C: The matrix.
  ///   - deviationErrors: Standard errors; NaN where there are none.
  ///   - correlationErrors: The same of entries below the diagonal.
  ///   - z: The normal quantile of the intervals.
  static func covariances(
    _ C: DenseMatrix, deviationErrors: [Double], correlationErrors: (Int, Int) -> Double, z: Double
  ) -> [StudyEstimate] {
    let sd = C.diagonal.map { $0.squareRoot() }
    var estimates: [StudyEstimate] = []
    for j in sd.indices {
      estimates += deviation(sd[j], deviationErrors[j], z: z)
      for i in sd.indices.dropFirst(j + 1) {
        let product = sd[i] * sd[j]
        estimates.append(
          .correlation(
            product > 0 ? min(1, max(-1, C[i, j] / product)) : .nan, correlationErrors(i, j), z: z))
      }
    }
    return estimates
  }

  /// A standard deviation and its square, with Wald intervals on the scale of log σ.
  static func deviation(_ sd: Double, _ error: Double, z: Double) -> [StudyEstimate] {
    var deviation = StudyEstimate(estimate: sd)
    var variance = StudyEstimate(estimate: sd * sd)
    guard sd > 0, error.isFinite else { return [deviation, variance] }
    let factor = exp(z * error / sd)
    (deviation.standardError, variance.standardError) = (error, 2 * sd * error)
    (deviation.low, deviation.high) = (sd / factor, sd * factor)
    (variance.low, variance.high) = (deviation.low * deviation.low, deviation.high * deviation.high)
    return [deviation, variance]
  }

  /// With a Wald interval on the scale of Fisher's z.
  static func correlation(_ r: Double, _ error: Double, z: Double) -> StudyEstimate {
    var estimate = StudyEstimate(estimate: r)
    guard abs(r) < 1, error.isFinite else { return estimate }
    estimate.standardError = error
    let margin = z * error / (1 - r * r)
    let centre = atanh(r)
    estimate.low = tanh(centre - margin)
    estimate.high = tanh(centre + margin)
    return estimate
  }
}
