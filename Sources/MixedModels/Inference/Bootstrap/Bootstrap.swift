// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// A parametric bootstrap: the distribution of all estimates when the fitted model is true.
public struct Bootstrap: Sendable {
  public let formula: String
  public let criterionKind: CriterionKind
  public let seed: UInt64
  public let parameters: [ModelParameter]
  /// By index; values are those of `parameters`, then the criterion.
  public let replicates: [BootstrapReplicate]

  /// Names of a replicate's values.
  public var names: [String] { parameters.map(\.name) + ["criterion"] }
  /// Refits that failed or did not converge; intervals leave them out.
  public var failedCount: Int { replicates.count { !$0.converged } }
  public var singularCount: Int { replicates.count { $0.converged && $0.singular } }
}

extension FittedModel {
  /// Simulates responses from the fitted model by their cross-products and refits each, on as many
  /// threads as the fit's options say.
  ///
  /// The same seed gives the same numbers whatever the number of threads, and a longer series
  /// begins with the shorter one.
  ///
  /// - Throws: `InferenceError` where crossed factors are too large; `FitError`; what the progress
  ///   callback throws.
  public func bootstrap(_ options: BootstrapOptions = BootstrapOptions()) throws -> Bootstrap {
    if let repeated { return try bootstrap(repeated, options) }
    try requireEstimates()
    let drawn = try DrawnModels(self)
    let refitting = try Refitting(
      model, kind: self.options.criterion, start: φ, solver: self.options.solver)
    let count = modelParameters.count + 1
    let replicates = try options.run(values: count, threads: threads) { index, stream in
      guard let outcome = try? refitting.fit(drawn.draw(&stream)) else {
        return BootstrapReplicate(
          index: index, converged: false, singular: false,
          values: Array(repeating: .nan, count: count))
      }
      return BootstrapReplicate(
        index: index, converged: outcome.converged, singular: model.isSingular(outcome.φ),
        values: bootstrapValues(outcome))
    }
    return Bootstrap(
      formula: fit.formula, criterionKind: fit.criterionKind, seed: options.seed,
      parameters: modelParameters, replicates: replicates)
  }

  /// The same where the residuals of a subject are correlated.
  private func bootstrap(_ repeated: RepeatedFit, _ options: BootstrapOptions) throws -> Bootstrap {
    let simulator = try RepeatedSimulator(repeated)
    let search = self.options.alone
    let count = modelParameters.count + 1
    let replicates = try options.run(values: count, threads: threads) { index, stream in
      let drawn = simulator.draw(&stream)
      var refit = RepeatedSearch(drawn, search, start: repeated.optimum.solution.θ)
      guard let found = try? refit.optimum() else {
        return BootstrapReplicate(
          index: index, converged: false, singular: false,
          values: Array(repeating: .nan, count: count))
      }
      return BootstrapReplicate(
        index: index, converged: found.converged, singular: false,
        values: bootstrapValues(drawn, found))
    }
    return Bootstrap(
      formula: fit.formula, criterionKind: fit.criterionKind, seed: options.seed,
      parameters: modelParameters, replicates: replicates)
  }

  /// Coefficients of a refit to a response relative to the fitted fixed part, standard deviations, each
  /// followed by its correlations, and the criterion.
  private func bootstrapValues(_ drawn: RepeatedModel, _ found: RepeatedOptimum) -> [Double] {
    let (fixed, s) = (model.fixed, model.fixed.responseScale)
    let β = found.solution.β
    let change = fixed.solveR(
      DenseMatrix(rows: β.count, columns: 1, storage: β.map { s * $0 })
    ).storage
    var values = zip(fit.fixedEffects.compactMap(\.estimate), change).map { $0 + $1 }
    for entries in found.solution.entries {
      let Σ = VisitCovariance.matrix(entries.map(\.value), drawn.visits.count)
      let sd = Σ.diagonal.map { $0.squareRoot() }
      for j in sd.indices {
        values.append(s * sd[j])
        for i in sd.indices.dropFirst(j + 1) { values.append(Σ[i, j] / (sd[i] * sd[j])) }
      }
    }
    return values + [found.solution.value]
  }
}
