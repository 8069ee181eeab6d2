// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// One number of a fit that profiles, bootstraps and studies tell about.
public struct ModelParameter: Sendable, Equatable {
  public enum Kind: String, Sendable {
    case fixed, standardDeviation = "sd", correlation = "cor", sigma, theta
  }
  public let kind: Kind
  /// The random-effects term, `g` or `g.1`; nil for coefficients, σ and θ.
  public let group: String?
  /// The coefficient, the column, or `row.column` of a correlation, or θ's name.
  public let term: String
  /// lme4's: `sd_(Intercept)|Subject`, `cor_Days.(Intercept)|Subject`, `sigma`; of a coefficient its
  /// own.
  public let name: String
  /// broom.mixed's order of a correlation's columns: `column.row`.
  let tidyColumns: String
  /// In the fit to the data; nil for a correlation with an effect whose variance is zero.
  public let estimate: Double?

  init(
    _ kind: Kind, group: String? = nil, _ term: String, tidy: String? = nil, _ estimate: Double?
  ) {
    (self.kind, self.group, self.term, self.estimate) = (kind, group, term, estimate)
    tidyColumns = tidy ?? term
    name =
      switch kind {
      case .fixed, .sigma: term
      case .standardDeviation, .correlation: Self.name(kind, term, of: group ?? "")
      case .theta: "theta_\(term)"
      }
  }

  /// Where the parameter can lie.
  var range: ClosedRange<Double> { kind.range }

  private static func name(_ kind: Kind, _ term: String, of group: String) -> String {
    "\(kind.rawValue)_\(term)|\(group)"
  }

  /// `sd_(Intercept)|Subject`.
  static func deviationName(_ column: String, of group: String) -> String {
    name(.standardDeviation, column, of: group)
  }

  /// `cor_Days.(Intercept)|Subject`.
  static func correlationName(_ row: String, _ column: String, of group: String) -> String {
    name(.correlation, "\(row).\(column)", of: group)
  }
}

extension ModelParameter.Kind {
  /// Where such a parameter can lie.
  var range: ClosedRange<Double> {
    switch self {
    case .standardDeviation, .sigma: 0...(.infinity)
    case .correlation: -1...1
    case .fixed, .theta: -.infinity...(.infinity)
    }
  }
}

extension FittedModel {
  /// β of the kept columns; the standard deviations of every term, each followed by its
  /// correlations; σ; θ.
  var modelParameters: [ModelParameter] {
    var parameters = fit.fixedEffects.compactMap { effect in
      effect.estimate.map { ModelParameter(.fixed, effect.name, $0) }
    }
    for component in fit.varianceComponents {
      for j in component.columns.indices {
        parameters.append(
          ModelParameter(
            .standardDeviation, group: component.name, component.columns[j],
            component.reportedDeviations[j]))
        for i in component.columns.indices.dropFirst(j + 1) {
          parameters.append(
            ModelParameter(
              .correlation, group: component.name,
              "\(component.columns[i]).\(component.columns[j])",
              tidy: "\(component.columns[j]).\(component.columns[i])",
              component.correlations[i][j]))
        }
      }
    }
    parameters.append(ModelParameter(.sigma, "sigma", fit.sigma))
    for (name, value) in zip(fit.theta.names, fit.theta.values) {
      parameters.append(ModelParameter(.theta, name, value))
    }
    return parameters
  }

  /// Names of a replicate's values.
  public var bootstrapNames: [String] { modelParameters.map(\.name) + ["criterion"] }

  /// The same parameters, then the criterion, of a refit to a response relative to the fitted fixed
  /// part.
  func bootstrapValues(_ outcome: Refitting.Outcome) -> [Double] {
    let (fixed, s) = (model.fixed, model.fixed.responseScale)
    let change = fixed.solveR(
      DenseMatrix(rows: outcome.β.count, columns: 1, storage: outcome.β.map { s * $0 })
    ).storage
    var values = zip(fit.fixedEffects.compactMap(\.estimate), change).map { $0 + $1 }
    for (t, λ) in model.covariance.reportedFactors(outcome.φ).enumerated() {
      let C = λ * λ.transposed
      let sd = C.diagonal.map { $0.squareRoot() }
      for j in sd.indices {
        values.append(fit.varianceComponents[t].held.contains(j) ? .nan : outcome.sigma * sd[j])
        for i in sd.indices.dropFirst(j + 1) {
          let product = sd[i] * sd[j]
          values.append(product > 0 ? min(1, max(-1, C[i, j] / product)) : .nan)
        }
      }
    }
    return values + [outcome.sigma] + model.covariance.theta(outcome.φ) + [outcome.criterion]
  }
}
