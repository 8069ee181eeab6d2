// SPDX-License-Identifier: GPL-2.0-or-later

/// Where a search with derivatives ended.
package struct GradientMinimizerResult: Sendable {
  package var x: [Double]
  package var value: Double
  package var gradient: [Double]
  /// The Hessian as far as the search has learnt it.
  package var hessian: DenseMatrix
  package var outcome: MinimizerResult.Outcome
}

/// Minimizes a smooth function of n free variables with its gradient.
///
/// Steps in a trust region with a Hessian that starts as given and learns from every gradient
/// (BFGS; Nocedal & Wright 2006, 4.1 and 6.1).
///
/// - Parameters:
///   - start: Where to begin.
///   - value: The function there, finite.
///   - first: The gradient there.
///   - hessian: A guess at the Hessian there, n × n, symmetric.
///   - units: The size of a large step in each variable.
///   - stopping: `absoluteF` is compared with the decrease the model promises for a full step, and
///     with what the last steps have brought.
///   - objective: The function; infinite where it cannot be computed.
///   - gradient: Its gradient, asked for only where `objective` was called last.
/// - Returns: The best point seen, and why the search ended.
/// - Throws: What the closures throw.
package func minimizeWithGradient<Failure: Error>(
  start: [Double], value: Double, gradient first: [Double], hessian: DenseMatrix,
  units: [Double], stopping: StoppingRule, objective: ([Double]) throws(Failure) -> Double,
  gradient: ([Double]) throws(Failure) -> [Double]
) throws(Failure) -> GradientMinimizerResult {
  var now = GradientMinimizerResult(
    x: start, value: value, gradient: first, hessian: hessian, outcome: .converged)
  var radius = 1.0
  var idle = 0  // steps in a row that gained next to nothing
  for _ in 1..<max(stopping.maximumEvaluations, 2) {
    let trial = TrustRegionStep(
      gradient: now.gradient, hessian: now.hessian, units: units, radius: radius)
    if !(trial.predictedDecrease > stopping.absoluteF) { return now }
    let x = zip(now.x, trial.step).map { $0 + $1 }
    let value = try objective(x)
    let ratio = (now.value - value) / trial.predictedDecrease
    if ratio > 1e-4 {
      let slope = try gradient(x)
      idle = now.value - value > stopping.absoluteF ? 0 : idle + 1
      now.hessian.learn(step: trial.step, change: zip(slope, now.gradient).map { $0 - $1 })
      (now.x, now.value, now.gradient) = (x, value, slope)
    }
    if !(ratio > 0.25) {
      radius = 0.25 * trial.length
    } else if ratio > 0.75, trial.length > 0.8 * radius {
      radius *= 2.5
    }
    if radius < 1e-9 || idle == 5 {
      now.outcome = .roundoffLimited
      return now
    }
  }
  now.outcome = .evaluationLimit
  return now
}

extension DenseMatrix {
  /// BFGS: afterwards H s = y, and H is positive definite if it was. Where the function curves
  /// downwards along the step, y is drawn towards H s (Powell 1978).
  fileprivate mutating func learn(step s: [Double], change y: [Double]) {
    let Hs = self * s
    let sHs = dot(s, Hs)
    guard sHs > 0 else { return }
    var y = y
    let sy = dot(s, y)
    if sy < 0.1 * sHs {
      let share = 0.9 * sHs / (sHs - sy)
      for i in y.indices { y[i] = share * y[i] + (1 - share) * Hs[i] }
    }
    let curvature = dot(s, y)
    for j in 0..<columns {
      for i in 0..<rows { self[i, j] += y[i] * y[j] / curvature - Hs[i] * Hs[j] / sHs }
    }
  }
}
