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
  /// Wald's, symmetric about the estimate.
  public let interval: (low: Double, high: Double)?
  public let message: String?
}

extension FittedModel {
  /// Functions of the variances, with standard errors from the asymptotic covariance matrix of the
  /// variance parameters, by the delta method.
  ///
  /// An expression is arithmetic on names: `g` is the variance of a term with one column, `Residual`
  /// that of the residuals (of weight 1); `var_x|g`, `cov_x.(Intercept)|g`, `sd_x|g` and
  /// `cor_x.(Intercept)|g` are those of a term with several.
  ///
  /// - Throws: `InferenceError` for what is no such expression.
  public func varianceRatios(
    _ expressions: [String], level: Double = 0.95
  ) throws -> [VarianceRatio] {
    try requireIndependentResiduals("functions of variances are computed")
    try ValueRange.coverage.check(level, "level")
    try model.requireEqualVariances("a ratio of variances", nil)
    let known = namedVariances
    let names = known.map(\.name)
    let errors = curvature.map { ParameterCovariance($0, model, φ: φ, fit.criterionKind) }
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
      guard let errors, used.allSatisfy(\.isInside) else {
        return without(noErrorReason(errors), result.value)
      }
      let slopes = result.slopes.isEmpty ? φ.map { _ in 0 } + [0] : result.slopes
      let error = errors.variance(slopes).squareRoot()
      return VarianceRatio(
        expression: text, estimate: result.value, standardError: error,
        interval: (result.value - z * error, result.value + z * error), message: nil)
    }
  }

  private func noErrorReason(_ errors: ParameterCovariance?) -> String {
    if options.knownTheta != nil { return "there is no standard error, for variances are known" }
    return errors == nil
      ? "there is no standard error, for the Hessian could not be computed"
      : "there is no standard error at the edge of the parameter space"
  }

  /// A variance, or another parameter, as a function of (φ, log σ).
  fileprivate struct NamedVariance {
    let name: String
    let value: Linearized
    /// Not at the edge of the parameter space.
    var isInside = true
    var isDetermined = true
  }

  private var namedVariances: [NamedVariance] {
    let n = φ.count
    let ranges = model.covariance.blockRanges
    let terms = zip(model.terms, zip(model.covariance.blocks, ranges)).flatMap { term, place in
      named(term, RelativeSlopes(place.0, Array(φ[place.1])), place.1)
    }
    let σ = Linearized(
      value: fit.sigma, slopes: Array(repeating: 0, count: n) + [fit.sigma])
    return terms + [
      NamedVariance(name: "Residual", value: σ * σ), NamedVariance(name: "sigma", value: σ),
    ]
  }

  private func named(
    _ term: ReportedTerm, _ slopes: RelativeSlopes, _ range: Range<Int>
  ) -> [NamedVariance] {
    let (here, columns) = (slopes.here, term.columns)
    let deviations = columns.indices.map { i in
      linear(fit.sigma, here.deviations[i], slopes.deviations[i], range)
    }
    let names = columns.map { ModelParameter.deviationName($0, of: term.name) }
    let known = names.map { !fit.convergence.notDetermined.containsLabel($0) }
    return columns.indices.flatMap { i in
      let variance = deviations[i] * deviations[i]
      let own = (columns.count == 1 ? [(term.name, variance)] : [])
        + [("var" + names[i].dropFirst(2), variance), (names[i], deviations[i])]
      let pairs = (0..<i).flatMap { j in
        let name = ModelParameter.correlationName(columns[i], columns[j], of: term.name)
        let isInside = here.isFree(i) && here.isFree(j)
        let ρ = correlation(slopes, i, j, range)
        return [("cov" + name.dropFirst(3), ρ * deviations[i] * deviations[j]), (name, ρ)].map {
          NamedVariance(
            name: $0, value: $1, isInside: isInside,
            isDetermined: known[i] && known[j]
              && !fit.convergence.notDetermined.containsLabel(name))
        }
      }
      return own.map {
        NamedVariance(name: $0, value: $1, isInside: here.isFree(i), isDetermined: known[i])
      } + pairs
    }
  }

  /// σ s for a relative deviation s with its slopes in the φ at `range`.
  private func linear(
    _ σ: Double, _ s: Double, _ slopes: [Double], _ range: Range<Int>
  ) -> Linearized {
    var all = [Double](repeating: 0, count: φ.count + 1)
    for (k, slope) in zip(range, slopes) where slope.isFinite { all[k] = σ * slope }
    all[φ.count] = σ * s
    return Linearized(value: σ * s, slopes: all)
  }

  /// Of columns i and j; zero where one has no effects.
  private func correlation(
    _ slopes: RelativeSlopes, _ i: Int, _ j: Int, _ range: Range<Int>
  ) -> Linearized {
    let here = slopes.here
    let own = slopes.correlations[j * here.deviations.count + i]
    var ρ = linear(1, here.correlations[i, j], own, range)
    ρ.slopes[φ.count] = 0
    if !here.isFree(i) || !here.isFree(j) { ρ.value = 0 }
    return ρ
  }
}
