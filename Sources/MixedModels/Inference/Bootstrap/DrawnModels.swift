// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// A model with responses that are drawn from parameters, by cross-products and without rows.
package struct DrawnModels: Sendable {
  private let model: LinearMixedModel
  private let source: Source

  private enum Source {
    case independent(ResponseSimulator)
    case strata(StrataSimulator)
  }

  /// - Parameter sigma: Of the residuals, or of the first of their strata, in units of the scaled response.
  /// - Throws: `InferenceError` where crossed factors are too large, or residuals are correlated.
  package init(_ model: LinearMixedModel, φ: [Double], sigma: Double) throws {
    self.model = model
    if let strata = try StrataSimulator(model, φ: φ, sigma: sigma) {
      source = .strata(strata)
      return
    }
    source = .independent(try ResponseSimulator(model, spreads: model.levelFactors(φ), sigma: sigma))
  }

  /// The model with one response.
  package func draw(_ stream: inout RandomStream) -> LinearMixedModel {
    switch source {
    case .independent(let simulator): model.replacingResponse(simulator.draw(&stream))
    case .strata(let simulator): simulator.draw(&stream)
    }
  }
}

extension LinearMixedModel {
  /// Of the strata that residual variances are told apart by; none where there is one.
  package var strataLabels: [String] { (covariance.residual as? VarianceStrata)?.labels ?? [] }

  /// Ratios of the residual standard deviations to that of the first stratum, which is left out.
  package func strataRatios(_ φ: [Double]) -> [Double] {
    (covariance.residual as? VarianceStrata)?.values(covariance.residualCoordinates(φ)) ?? []
  }
}
