// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

extension FittedModel {
  /// Wald's intervals of coverage `level`: of coefficients by t tests with the degrees of freedom
  /// of `method`, of standard deviations on the scale of their logarithms, of correlations on that
  /// of Fisher's z, both by asymptotic standard errors from the criterion's Hessian.
  ///
  /// - Throws: `InferenceError` where the method does not fit the model, or for an unknown name.
  public func waldIntervals(
    level: Double = 0.95, _ method: DegreesOfFreedomMethod, parameters: [String] = []
  ) throws -> [ConfidenceInterval] {
    try ValueRange.coverage.check(level, "level")
    let wanted = Set(try intervalParameters(named: parameters).map { Label($0.name) })
    let chosen = zip(intervalParameters, intervalPlaces).filter {
      wanted.contains(Label($0.0.name))
    }
    let tests =
      chosen.contains { $0.0.isFixed } ? try coefficientTests(method, level: level) : []
    let z = Normal.quantile((1 - level) / 2, tail: .upper)
    return chosen.map { parameter, place in
      if case .coefficient(let k) = place {
        return ConfidenceInterval(
          parameter, estimate: parameter.estimate, tests[k].confidenceInterval,
          message: tests[k].confidenceInterval == nil
            ? "there are no degrees of freedom for it" : nil)
      }
      if let reason = notDetermined(parameter) {
        return ConfidenceInterval(parameter, estimate: parameter.estimate, message: reason)
      }
      if place == .residual, options.knownSigma != nil {
        return ConfidenceInterval(parameter, estimate: parameter.estimate, message: "it is known")
      }
      if isKnown(parameter, place) {
        return ConfidenceInterval(
          parameter, estimate: parameter.estimate, message: "it is known, or follows from what is")
      }
      guard let estimate = parameter.estimate, let error = standardError(place) else {
        return ConfidenceInterval(
          parameter, estimate: parameter.estimate,
          message: curvature == nil
            ? "there is no standard error, for the Hessian could not be computed"
            : "there is no standard error at the edge of the parameter space; use \(Setting.intervals("profile"))")
      }
      if place == .autocorrelation, let interval = fit.autocorrelation?.correlation.interval(level) {
        return ConfidenceInterval(parameter, estimate: estimate, interval)
      }
      let scale = parameter.kind.scale
      let (centre, margin) = (scale.transformed(estimate), z * error * scale.slope(estimate))
      return ConfidenceInterval(
        parameter, estimate: estimate, (scale.value(centre - margin), scale.value(centre + margin)))
    }
  }

  /// Whether a parameter inside its range does not change with what is estimated.
  private func isKnown(_ parameter: ModelParameter, _ place: IntervalPlace) -> Bool {
    guard let estimate = parameter.estimate, !options.held.isEmpty, curvature != nil,
      standardError(place) == nil
    else { return false }
    return parameter.kind == .correlation ? abs(estimate) < 1 - 1e-8 : estimate > 0
  }

  /// Why there is no interval for a parameter that the data do not determine; nil for others.
  func notDetermined(_ parameter: ModelParameter) -> String? {
    fit.convergence.notDetermined.contains(parameter.name)
      ? "the data do not determine it" : nil
  }

  /// The asymptotic standard error of an estimate.
  func standardError(_ place: IntervalPlace) -> Double? {
    switch place {
    case .deviation(let term, let column): fit.covarianceComponents[term].standardErrors[column]
    case .correlation(let term, let row, let column):
      fit.covarianceComponents[term].correlationStandardErrors[row][column]
    case .levels(let term, let parameter):
      fit.covarianceComponents[term].structure?.parameters.first {
        $0.name == model.covariance.blocks[term].structure?.parameters[parameter].name(model.terms[term].columns)
      }?.standardError
    case .residual: fit.sigmaStandardError
    case .stratum(let s): fit.residualStrata?.strata[s].standardError
    case .autocorrelation: fit.autocorrelation?.correlation.standardError
    case .coefficient(let k): fit.vcov[k][k].squareRoot()
    }
  }
}
