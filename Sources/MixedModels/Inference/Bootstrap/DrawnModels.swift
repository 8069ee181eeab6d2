// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// A model with responses that are drawn from parameters, by cross-products and without rows, unless residuals are
/// correlated in time.
package struct DrawnModels: Sendable {
  private let model: LinearMixedModel
  private let source: Source

  private enum Source {
    case independent(ResponseSimulator)
    case strata(StrataSimulator)
    case rows(RowSimulator)
  }

  /// - Parameters:
  ///   - model: What responses are drawn of.
  ///   - rows: Those of the model, where residuals are correlated in time.
  ///   - φ: The true parameters.
  ///   - sigma: Of the residuals, or of the first of their strata, in units of the scaled response.
  /// - Throws: `InferenceError` where crossed factors are too large.
  package init(
    _ model: LinearMixedModel, rows: RowsOfFit? = nil, φ: [Double], sigma: Double
  ) throws {
    self.model = model
    if let rows {
      source = .rows(try RowSimulator(model, rows, φ: φ, sigma: sigma))
      return
    }
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
    case .rows(let simulator): simulator.draw(&stream)
    }
  }
}

extension DrawnModels {
  /// From the estimates of a fit; its rows are read again where residuals are correlated in time.
  ///
  /// - Throws: `InferenceError` where that cannot be done, or crossed factors are too large; `DataError`,
  ///   `FitError`.
  package init(_ fitted: FittedModel) throws {
    try self.init(
      fitted.model, rows: fitted.rowsOfSteps(for: "the bootstrap of residuals that are correlated in time"), φ: fitted.φ, sigma: fitted.fit.sigma / fitted.model.fixed.responseScale)
  }
}

extension LinearMixedModel {
  /// Of the strata that residual variances are told apart by; none where there is one.
  package var strataLabels: [String] { covariance.residual?.strata?.labels ?? [] }

  /// Ratios of the residual standard deviations to that of the first stratum, which is left out.
  package func strataRatios(_ φ: [Double]) -> [Double] {
    covariance.strata(φ).map { $0.structure.values($0.coordinates) } ?? []
  }

  /// ρ of residuals that are correlated in time; nil where they are independent.
  package func autocorrelation(_ φ: [Double]) -> Double? {
    covariance.serial(φ).map { $0.structure.values($0.coordinates)[0] }
  }
}
