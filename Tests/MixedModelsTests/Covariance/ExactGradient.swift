// SPDX-License-Identifier: GPL-2.0-or-later
import MixedModels
import Testing

/// Expects the gradient of a criterion to be the slope of its values, by extrapolated central differences.
///
/// - Parameter tolerance: Relative to slopes larger than 1.
/// - Returns: The criterion with its gradient.
@discardableResult
func expectExactGradient(
  _ criterion: Criterion, at θ: [Double], tolerance: Double = 1e-6,
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> (value: Double, gradient: [Double]) {
  let exact = try criterion.gradient(θ)
  for k in θ.indices {
    func moved(_ h: Double) throws -> Double {
      var there = θ
      there[k] += h
      return try criterion(there)
    }
    let h = 1e-4
    let slope = (8 * (try moved(h) - moved(-h)) - (try moved(2 * h) - moved(-2 * h))) / (12 * h)
    #expect(
      abs(slope - exact.gradient[k]) < tolerance * max(1, abs(slope)),
      "\(criterion.thetaNames[k]) at \(θ)", sourceLocation: sourceLocation)
  }
  return exact
}
