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
    let strata = try StrataSimulator(self)
    let simulator = strata == nil ? try ResponseSimulator(self) : nil
    let refitting = try Refitting(
      model, kind: self.options.criterion, start: φ, solver: self.options.solver)
    let count = modelParameters.count + 1
    let replicates = try options.run(values: count, threads: threads) { index, stream in
      let response =
        if let strata { strata.draw(&stream) } else {
          model.replacingResponse(simulator!.draw(&stream))
        }
      guard let outcome = try? refitting.fit(response) else {
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
}
