// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Holds derivatives that were saved against the criterion they are said to be of.
///
/// The gradient at φ costs two or three evaluations and is always computed again. The Hessian and the
/// slopes of Cov(β) would cost as much as they did when they were saved: in a small model all
/// columns are computed again, in others one combination of all of them, of random size, so that
/// no other matrix passes by being made for it.
struct CurvatureCheck {
  let saved: CriterionCurvature
  let φ: [Double]
  let covariance: RelativeCovariance
  /// n − p for REML, n for ML.
  let df: Double
  /// Whether the search ended in what it took for a minimum.
  let converged: Bool
  /// Whether the criterion was, or is now, an estimate: another one has other derivatives.
  let isEstimated: Bool
  /// Whether every evaluation counts.
  let isExpensive: Bool

  /// How far, in units of their own sizes, second derivatives may be from the saved ones.
  ///
  /// A search may leave the Hessian's point for the last time by a step that is no matter.
  private var tolerance: Double { isEstimated ? 0.3 : isExpensive ? 0.05 : 0.02 }
  /// By what the criterion may seem to fall where it was said not to.
  private func allowedDecrease(_ roundingError: Double) -> Double {
    isEstimated ? 0.5 : max(10 * CriterionCurvature.smallDecrease, 1e5 * roundingError)
  }

  /// Looks for what is not of this criterion.
  ///
  /// - Parameters:
  ///   - criterion: Of the cross-products.
  ///   - isSmall: Whether all columns can be computed again.
  /// - Returns: what was found, in words; nil if nothing was.
  /// - Throws: `FitError`, `CholmodError`.
  func fault(_ criterion: Criterion, isSmall: Bool) throws -> String? {
    guard let centre = try derivatives(criterion, at: φ) else { return nil }
    if let fault = faultOfGradient(centre) ?? faultOfSlopes(centre) { return fault }
    let differences = CurvatureDifferences(
      centre, isExpensive: isExpensive, isEstimated: isEstimated)
    func change(_ length: Double, _ direction: [Double]) throws -> Change? {
      try differences.column(centre, unit: length) { step in
        try derivatives(criterion, at: zip(φ, direction).map { $0 + step * $1 })
      }.map { Change($0, noise: 100 * centre.roundingError / $0.near.distance) }
    }
    for direction in directions(isSmall) {
      guard let found = try change(1, direction) else { return nil }
      let saved = Change(saved, direction)
      guard let fault = difference(saved, found, direction, centre) else { continue }
      // At the edge of what the data determine derivatives may be rounding and little else: then other
      // steps give others, and the saved ones may be what they like.
      guard let other = try change(Self.otherStep, direction) else { return nil }
      if difference(other, found, direction, centre) == nil { return fault }
    }
    return nil
  }

  /// Of the steps that the saved derivatives were computed with.
  private static let otherStep = 3.0

  /// Derivatives along a direction.
  private struct Change {
    let gradient: [Double]
    let covariance: DenseMatrix
    /// Of the gradient's, by rounding.
    let noise: Double

    init(_ column: CriterionCurvature.Column, noise: Double) {
      gradient = column.slope(\.gradient)
      covariance = column.covarianceSlope
      self.noise = noise
    }

    init(_ saved: CriterionCurvature, _ direction: [Double]) {
      gradient = saved.hessian * direction
      let p = saved.covarianceSlopes.first?.rows ?? 0
      var sum = DenseMatrix(rows: p, columns: p)
      for (length, slope) in zip(direction, saved.covarianceSlopes) {
        for i in sum.storage.indices { sum.storage[i] += length * slope.storage[i] }
      }
      (covariance, noise) = (sum, 0)
    }
  }

  /// Which derivatives are not those that were found, in words.
  private func difference(
    _ own: Change, _ found: Change, _ direction: [Double], _ centre: CriterionDerivatives
  ) -> String? {
    guard isHessian(own.gradient, found, direction) else { return "the Hessian" }
    guard areCovarianceSlopes(own.covariance, found, centre.fixedEffectsCovariance) else {
      return "the slopes of the coefficients' covariance"
    }
    return nil
  }

  private func derivatives(
    _ criterion: Criterion, at φ: [Double]
  ) throws -> CriterionDerivatives? {
    do {
      return try criterion.value(φ).isFinite ? criterion.derivatives() : nil
    } catch CholmodError.notPositiveDefinite {
      return nil
    } catch FitError.zeroResidualVariance {
      return nil
    }
  }

  /// Coordinates that are not held, with which nothing is said to change.
  private var free: [Int] {
    let held = covariance.heldCoordinates(φ)
    return φ.indices.filter { !held.contains($0) }
  }

  private func directions(_ isSmall: Bool) -> [[Double]] {
    var units = covariance.units(at: φ)
    for k in covariance.heldCoordinates(φ) { units[k] = 0 }
    guard isSmall else {
      return [units.map { $0 * Double.random(in: 0.3...1) * (Bool.random() ? 1 : -1) }]
    }
    return free.map { k in φ.indices.map { $0 == k ? units[k] : 0 } }
  }

  /// The Hessian's diagonal gives every coordinate its size.
  private func isHessian(_ product: [Double], _ change: Change, _ direction: [Double]) -> Bool {
    let units = covariance.units(at: φ)
    let rise = max(dot(direction, change.gradient), 0)
    let largest = zip(units, change.gradient).reduce(0) { max($0, abs($1.0 * $1.1)) }
    return free.allSatisfy { i in
      let size = max((max(saved.hessian[i, i], 0) * rise).squareRoot(), 1e-3 * largest / units[i])
      return abs(product[i] - change.gradient[i]) <= tolerance * size + change.noise / units[i]
    }
  }

  private func areCovarianceSlopes(
    _ own: DenseMatrix, _ change: Change, _ Φ: DenseMatrix
  ) -> Bool {
    let p = Φ.rows
    func size(_ i: Int, _ j: Int) -> Double { (Φ[i, i] * Φ[j, j]).squareRoot() }
    var largest = 1e-3
    for j in 0..<p {
      for i in 0..<p { largest = max(largest, abs(change.covariance[i, j]) / size(i, j)) }
    }
    return (0..<p).allSatisfy { j in
      (0..<p).allSatisfy { i in
        abs(own[i, j] - change.covariance[i, j]) <= tolerance * largest * size(i, j)
      }
    }
  }

  /// What one evaluation gives: r² and its slopes, the units, the rounding error.
  private func faultOfSlopes(_ centre: CriterionDerivatives) -> String? {
    let units = covariance.units(at: φ)
    // The least unit was another in files of earlier versions.
    let areUnits = zip(units, saved.units).allSatisfy {
      $0 <= RelativeCovariance.smallestUnit || abs($0 - $1) <= 0.1 * $0
    }
    guard areUnits else { return "the units of φ" }
    let w = centre.residualWeight
    guard abs(saved.residualWeight - w) <= tolerance * w,
      (0...(100 * centre.roundingError)).contains(saved.roundingError)
    else { return "the residuals' weight" }
    let slopes = CriterionCurvature.residualSlope(centre, covariance)
    let areSlopes = free.allSatisfy { k in
      let size = w * abs(slopes[k]) + (df * max(saved.hessian[k, k], 0)).squareRoot()
      let rounding = 100 * centre.roundingError / units[k]
      return w * abs(saved.residualSlope[k] - slopes[k]) <= tolerance * size + rounding
    }
    return areSlopes ? nil : "the slopes of r²"
  }

  private func faultOfGradient(_ centre: CriterionDerivatives) -> String? {
    let allowed = allowedDecrease(centre.roundingError)
    var curvature = saved
    curvature.gradient = zip(saved.gradient, centre.gradient).map { $0 - $1 }
    guard curvature.newtonStep.decrease <= allowed else { return "the gradient" }
    curvature.gradient = centre.gradient
    guard !converged || curvature.newtonStep.decrease <= 2 * allowed else {
      return "the optimum (the criterion could fall by about \(curvature.newtonStep.decrease))"
    }
    return nil
  }
}
