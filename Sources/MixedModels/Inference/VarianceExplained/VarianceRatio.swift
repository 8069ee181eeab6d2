// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames
import NumericalMethods

/// A function of a fit's variances, such as the heritability `animal/(animal+Residual)`.
public struct VarianceRatio: Sendable {
  /// As it was asked for.
  public let expression: String
  /// nil where the data do not determine it.
  public let estimate: Double?
  /// By the delta method; nil where `message` says why.
  public let standardError: Double?
  /// Wald's, symmetric about the estimate, or that of the profile.
  public let interval: (low: Double, high: Double)?
  public let message: String?
}

extension FittedModel {
  /// Functions of the variances, with standard errors from the asymptotic covariance matrix of the
  /// variance parameters, by the delta method.
  ///
  /// An expression is arithmetic on names: `g` is the variance of a term with one column, `Residual`
  /// that of the residuals (of weight 1); `var_x|g`, `cov_x.(Intercept)|g`, `sd_x|g` and
  /// `cor_x.(Intercept)|g` are those of a term with several; `var_12|Residual`, … those of residuals with a matrix of
  /// visits.
  ///
  /// Profile limits are where the criterion of the fit, of REML too, has risen by a quantile of χ²(1) at the best
  /// parameters with such a value; they need no standard error.
  ///
  /// - Throws: `InferenceError` for what is no such expression.
  public func varianceRatios(
    _ expressions: [String], level: Double = 0.95, intervals: RatioInterval = .wald
  ) throws -> [VarianceRatio] {
    try ValueRange.coverage.check(level, "level")
    try model.requireEqualVariances("a ratio of variances", nil)
    if intervals == .profile {
      try requireIndependentResiduals("profile limits of functions of variances are computed")
    }
    let variances = NamedVariances(model: model, notDetermined: fit.convergence.notDetermined)
    let known = repeated?.namedVariances ?? variances.at(φ, sigma: fit.sigma)
    let names = known.map(\.name)
    let errors = varianceOfFunctions
    let z = Normal.quantile((1 - level) / 2, tail: .upper)
    return try expressions.map { text in
      let expression = try VarianceExpression(text, names: names)
      let used = expression.used.map { known[$0] }
      func without(_ words: String, _ estimate: Double? = nil) -> VarianceRatio {
        VarianceRatio(
          expression: text, estimate: estimate, standardError: nil, interval: nil, message: words)
      }
      guard used.allSatisfy(\.isDetermined) else { return without("the data do not determine it") }
      let result = expression.value(known.map(\.value))
      guard result.value.isFinite else { return without("it is not defined at these variances") }
      let error = used.allSatisfy(\.isInside)
        ? errors.map { result.slopes.isEmpty ? 0 : $0(result.slopes).squareRoot() } : nil
      if intervals == .profile, !result.slopes.isEmpty {
        let limits = try profileLimits(
          of: { expression.value(variances.at($0, sigma: $1).map(\.value)) },
          estimate: result.value, in: expression.range(known), error: error, level: level)
        return VarianceRatio(
          expression: text, estimate: result.value, standardError: error,
          interval: limits.interval, message: limits.message)
      }
      guard let error else { return without(noErrorReason(isKnown: errors != nil), result.value) }
      return VarianceRatio(
        expression: text, estimate: result.value, standardError: error,
        interval: (result.value - z * error, result.value + z * error), message: nil)
    }
  }

  /// Of the variance parameters' functions by their slopes; nil where the Hessian is not known.
  private var varianceOfFunctions: (([Double]) -> Double)? {
    if let repeated { return repeated.variance }
    return curvature.map { ParameterCovariance($0, model, φ: φ, fit.criterionKind) }?.variance
  }

  /// - Parameter isKnown: Whether the Hessian is.
  private func noErrorReason(isKnown: Bool) -> String {
    if options.knownTheta != nil { return "there is no standard error, for variances are known" }
    return isKnown
      ? "there is no standard error at the edge of the parameter space"
      : "there is no standard error, for the Hessian could not be computed"
  }
}
