// SPDX-License-Identifier: GPL-2.0-or-later

extension FittedModel {
  /// The same fit with conditional modes and their variances, which are computed now if they were not wanted
  /// before; there is no search.
  ///
  /// - Throws: `FitError`, `CholmodError`; `InferenceError` without random effects.
  package func withConditionalModes() throws -> FittedModel {
    guard fit.conditionalModes == nil else { return self }
    guard !model.groups.isEmpty else { throw InferenceError.refused("the model has no random effects.") }
    var options = options
    options.wantsConditionalModes = true
    let found = self.optimum.outcome
    let (optimum, plan) = try model.optimum(options) { criterion, _ in
      _ = try criterion.refinedValue(found.φ)
      return try Optimum(found, began: 0, criterion, wantsModes: true).with(found)
    }
    return FittedModel(formula, data, options, products, model, optimum, plan: plan)
  }
}
