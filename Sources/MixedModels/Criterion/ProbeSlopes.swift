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
