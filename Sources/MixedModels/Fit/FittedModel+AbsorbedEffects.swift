// SPDX-License-Identifier: GPL-2.0-or-later

extension FittedModel {
  /// Of every absorbed factor, in the formula's order; those of factors that are reported are among the
  /// fixed effects.
  public var absorbedEffects: [AbsorbedEffects] {
    guard model.fixedLevels?.reported == nil else { return [] }
    return zip(model.fixedLevels?.factors ?? [], optimum.estimates.fixedLevelEffects).map {
      AbsorbedEffects(
        name: $0.name, levels: $0.levels, values: $1, isRedundant: $0.isRedundant)
    }
  }
}
