// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

extension RepeatedModel {
  /// The criterion with its exact derivatives; nil where the covariance matrix is not positive
  /// definite.
  ///
  /// - Parameter θ: Parameters of `VisitCovariance`, arm after arm.
  package func derivatives(
    _ θ: [Double], _ kind: CriterionKind
  ) -> (value: Double, gradient: [Double], hessian: DenseMatrix)? {
    let criterion = RepeatedCriterion(model: self, kind: kind, threads: 1)
    guard let solution = criterion.solution(θ) else { return nil }
    let slopes = criterion.slopes(solution)
    return (solution.value, slopes.gradient, criterion.curvature(solution, slopes).hessian)
  }

  /// Where searches begin: the moments of the least-squares residuals.
  package var startingParameters: [Double] { start() }
}
