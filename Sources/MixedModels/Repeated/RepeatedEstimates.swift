// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Standard deviations and correlations of the residuals at an optimum, with standard errors by the
/// delta method.
struct RepeatedEstimates {
  /// Of every arm, in units of the response.
  let matrices: [DenseMatrix]
  let standardErrors: [[Double]]
  /// Of the correlations, m × m; zeros on the diagonal.
  let correlationErrors: [DenseMatrix]

  init(_ model: RepeatedModel, _ optimum: RepeatedOptimum) {
    let (m, s) = (model.visits.count, model.responseScale)
    let W = optimum.parameterCovariance
    var matrices: [DenseMatrix] = []
    var errors: [[Double]] = []
    var correlationErrors: [DenseMatrix] = []
    for (arm, entries) in optimum.solution.entries.enumerated() {
      let Σ = VisitCovariance.matrix(entries.map(\.value), m)
      let first = model.range(arm).lowerBound
      func entry(_ i: Int, _ j: Int) -> VisitCovariance.Entry {
        entries[max(i, j) * (max(i, j) + 1) / 2 + min(i, j)]
      }
      /// The standard error of Σ shares of entries' logarithms.
      func error(_ shares: [(VisitCovariance.Entry, Double)]) -> Double {
        var slopes: [Int: Double] = [:]
        for (entry, share) in shares {
          for (parameter, slope) in entry.slopes { slopes[first + parameter, default: 0] += share * slope }
        }
        var variance = 0.0
        for (a, x) in slopes.sorted(by: { $0.key < $1.key }) {
          for (b, y) in slopes.sorted(by: { $0.key < $1.key }) { variance += x * W[a, b] * y }
        }
        return max(variance, 0).squareRoot()
      }
      matrices.append(s * s * Σ)
      errors.append((0..<m).map { error([(entry($0, $0), 0.5 / Σ[$0, $0].squareRoot())]) * s })
      var own = DenseMatrix(rows: m, columns: m)
      for i in 0..<m {
        for j in 0..<i {
          let size = (Σ[i, i] * Σ[j, j]).squareRoot()
          let ρ = Σ[i, j] / size
          own[i, j] = error([
            (entry(i, j), 1 / size), (entry(i, i), -0.5 * ρ / Σ[i, i]),
            (entry(j, j), -0.5 * ρ / Σ[j, j]),
          ])
          own[j, i] = own[i, j]
        }
      }
      correlationErrors.append(own)
    }
    (self.matrices, standardErrors) = (matrices, errors)
    self.correlationErrors = correlationErrors
  }
}
