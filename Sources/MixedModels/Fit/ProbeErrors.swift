// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// How far the optimum of a criterion that is estimated may be from the exact one's, since its
/// probes are few: standard errors over their choice, not over the data's.
struct ProbeErrors {
  /// Of θ, in the reported order.
  let theta: [Double]
  /// Of σ, relative.
  let sigma: Double

  /// Independent gradients at the optimum would each have ended one Newton step away.
  init?(
    _ replicates: [CovarianceSlopes], _ curvature: CriterionCurvature?,
    _ covariance: RelativeCovariance, φ: [Double], df: Double
  ) {
    guard replicates.count > 1, var curvature else { return nil }
    // What is the same in all of them, r² included, makes no difference.
    let gradients = replicates.map { covariance.gradient($0, residualWeight: 0) }
    let mean = φ.indices.map { k in
      gradients.reduce(0) { $0 + $1[k] } / Double(gradients.count)
    }
    var (ends, changes): ([[Double]], [Double]) = ([], [])
    for gradient in gradients {
      curvature.gradient = zip(gradient, mean).map { $0 - $1 }
      let step = curvature.newtonStep.step
      ends.append(covariance.theta(zip(φ, step).map { $0 + $1 }))
      // σ² = r²/df, and the weight is df/r².
      changes.append(0.5 * dot(curvature.residualSlope, step) * curvature.residualWeight / df)
    }
    theta = φ.indices.map { k in ends.map { $0[k] }.standardErrorOfMean }
    sigma = changes.standardErrorOfMean
  }
}

extension SolverSummary {
  func with(_ errors: ProbeErrors?) -> SolverSummary {
    var summary = self
    (summary.thetaErrors, summary.sigmaError) = (errors?.theta, errors?.sigma)
    return summary
  }
}

extension [Double] {
  fileprivate var standardErrorOfMean: Double {
    let n = Double(count)
    let mean = reduce(0, +) / n
    let squares = reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / (n - 1) / n).squareRoot()
  }
}
