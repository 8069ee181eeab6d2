// SPDX-License-Identifier: GPL-2.0-or-later
package import NumericalMethods

/// A model with covariances between a subject's visits, of which responses are drawn from stated matrices, by
/// their sums and without rows, and to which each is fitted.
package struct RepeatedDraws: Sendable {
  private let model: RepeatedModel
  private let options: FitOptions
  private let simulator: RepeatedSimulator
  /// Where searches begin: at the truth.
  private let start: [Double]
  package let fixed: FixedCoordinates
  package var observations: Int { model.observations }
  package var subjects: Int { model.subjects }

  /// - Parameters:
  ///   - products: With sums by patterns.
  ///   - options: Of the fits.
  ///   - matrices: The true covariance matrix of every arm, in units of the response.
  /// - Throws: `FitError`, `InferenceError`, `NotPositiveDefinite`, `MemoryShortage`.
  package init(_ products: CrossProducts, _ options: FitOptions, matrices: [DenseMatrix]) throws {
    let assembled = try FittedModel.assembled(repeated: products, options)
    (model, fixed) = (assembled.model, assembled.fixed.fixed)
    self.options = assembled.options.alone
    let s = model.responseScale
    let Σ = matrices.map { 1 / (s * s) * $0 }
    start = Σ.flatMap(model.covariance.start)
    simulator = try RepeatedSimulator(model, Σ)
  }

  /// The model with a response that was drawn, relative to its true fixed part.
  package func draw(_ stream: inout RandomStream) -> RepeatedModel { simulator.draw(&stream) }

  /// What the fit of one response says.
  package struct Outcome {
    package let converged: Bool
    /// β̂ less the truth, of the kept columns.
    package let errors: [Double]
    package let degreesOfFreedom: any DenominatorDegreesOfFreedom
    /// Of every arm the covariance matrix, the standard errors of its standard deviations and of its correlations.
    package let arms: [(matrix: DenseMatrix, deviationErrors: [Double], correlationErrors: DenseMatrix)]
  }

  /// - Parameters:
  ///   - drawn: What `draw` made.
  ///   - kind: The criterion.
  ///   - method: Of the degrees of freedom.
  /// - Throws: `FitError`; `InferenceError` where the method does not fit the criterion.
  package func fit(
    _ drawn: RepeatedModel, by kind: CriterionKind, _ method: DegreesOfFreedomMethod
  ) throws -> Outcome {
    var options = options
    options.criterion = kind
    var search = RepeatedSearch(drawn, options, start: start)
    let found = try search.optimum()
    let (p, s) = (model.fixedEffectCount, model.responseScale)
    let β = found.solution.β.map { s * $0 }
    let coefficients = WorkingCoefficients(β: β, Φ: s * s * found.solution.Φ, variance: 1)
    let fit = RepeatedFit(model: drawn, optimum: found)
    let estimates = RepeatedEstimates(drawn, found)
    return Outcome(
      converged: found.converged,
      errors: fixed.solveR(DenseMatrix(rows: p, columns: 1, storage: β)).storage,
      degreesOfFreedom: try fit.degreesOfFreedom(method, coefficients, options)
        ?? FixedDegreesOfFreedom(
          covariance: coefficients.covariance,
          degreesOfFreedom: method == .none ? .infinity : Double(model.observations - p)),
      arms: estimates.matrices.indices.map {
        (estimates.matrices[$0], estimates.standardErrors[$0], estimates.correlationErrors[$0])
      })
  }
}

extension FitOptions {
  /// For one of many fits at a time, of which nobody is told.
  var alone: FitOptions {
    var options = self
    (options.threads, options.progress) = (1, nil)
    return options
  }
}
