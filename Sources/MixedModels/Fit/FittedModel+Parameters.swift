// SPDX-License-Identifier: GPL-2.0-or-later

extension FittedModel {
  /// The kept coefficients, but for those of sparse columns and what is mixed with them.
  private var fixedParameters: [ModelParameter] {
    guard model.fixedLevels?.reported != nil else {
      return fit.fixedEffects.compactMap { effect in
        effect.estimate.map { ModelParameter(.fixed, effect.name, $0) }
      }
    }
    return model.ownColumns.map { k in
      ModelParameter(
        .fixed, model.fixed.names[model.fixed.kept[k]], optimum.estimates.β[k])
    }
  }

  /// β of the kept columns; the standard deviations of every term, each followed by its
  /// correlations; σ; θ.
  var modelParameters: [ModelParameter] {
    var parameters = fixedParameters
    for component in fit.covarianceComponents {
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
      for correlation in component.structure?.levelCorrelations ?? [] {
        parameters.append(
          ModelParameter(
            .correlation, group: component.name, correlation.name, correlation.estimate))
      }
    }
    if let strata = fit.residualStrata {
      for stratum in strata.strata {
        parameters.append(
          ModelParameter(.sigma, "sigma_\(stratum.label)", stratum.standardDeviation))
      }
    } else if repeated == nil {
      parameters.append(ModelParameter(.sigma, "sigma", fit.sigma))
    }
    if let autocorrelation = fit.autocorrelation {
      parameters.append(
        ModelParameter(
          .correlation, group: "Residual", autocorrelation.correlation.name,
          autocorrelation.correlation.estimate))
    }
    for (name, value) in zip(fit.theta.names, fit.theta.values) {
      parameters.append(ModelParameter(.theta, name, value))
    }
    return parameters
  }

  /// Names of a replicate's values.
  public var bootstrapNames: [String] { modelParameters.map(\.name) + ["criterion"] }
}
