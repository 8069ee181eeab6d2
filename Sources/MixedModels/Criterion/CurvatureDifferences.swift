// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// Steps whose differences of exact first derivatives are second ones.
///
/// Short central differences have relative errors of 1e-8 by truncation and rounding; those ahead alone,
/// where all of them together are expensive, of 1e-5, or where the criterion is an estimate, and less exact than
/// rounding allows, of 1e-4.
///
/// XᵀWX is 1 in working columns. Where random effects leave only 1/m of a column, as of an intercept's
/// beside variances of groups that are huge, what is left has a relative error of εm, and differences over
/// a step h one of εm/h. Then long steps are taken: Richardson's extrapolation, (4 D(h) − D(2h)) / 3, has an
/// error of order h⁴ besides, so that the best h goes with the fifth root of εm.
struct CurvatureDifferences {
  /// h, in units of the coordinates.
  let step: Double
  private let shortStep: Double
  private let isCentral: Bool
  var isExtrapolated: Bool { step > shortStep }

  init(_ centre: CriterionDerivatives, isExpensive: Bool, isEstimated: Bool) {
    shortStep = isExpensive ? (isEstimated ? 1e-5 : 1e-6) : 1e-4
    isCentral = !isExpensive
    let m = symmetricEigenvalues(centre.fixedEffectsCovariance).last ?? 0
    let error = isEstimated ? 0 : LostDigits.error(m)
    let isTooShort = error > Self.largestError * shortStep
    step = isTooShort ? max(shortStep, min(0.5 * pow(error, 0.2), 0.1)) : shortStep
  }

  /// A relative error that does not matter: degrees of freedom have about twice that.
  private static let largestError = 1e-4

  /// - Parameters:
  ///   - unit: Of the coordinate.
  ///   - point: The derivatives at a distance along it, nil where there are none.
  /// - Returns: nil where there are no derivatives near.
  func column(
    _ centre: CriterionDerivatives, unit: Double, at point: (Double) throws -> CriterionDerivatives?
  ) rethrows -> CriterionCurvature.Column? {
    func pair(_ step: Double) throws -> CriterionCurvature.Pair? {
      guard let ahead = try point(step * unit), let behind = try point(-step * unit) else {
        return nil
      }
      return CriterionCurvature.Pair(ahead: ahead, behind: behind, distance: 2 * step * unit)
    }
    if isExtrapolated, let near = try pair(step), let far = try pair(2 * step) {
      return CriterionCurvature.Column(near: near, far: far)
    }
    if isCentral { return try pair(shortStep).map { CriterionCurvature.Column(near: $0) } }
    return try point(shortStep * unit).map { ahead in
      CriterionCurvature.Column(
        near: CriterionCurvature.Pair(ahead: ahead, behind: centre, distance: shortStep * unit))
    }
  }
}
