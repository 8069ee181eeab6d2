// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

extension LinearMixedModel {
  var absorbedLevels: [AbsorbedLevels] {
    (fixedLevels?.factors ?? []).map {
      AbsorbedLevels(
        name: $0.name, levelCount: $0.levels.count, estimatedCount: $0.estimatedCount)
    }
  }
}

extension Fit {
  /// What ordinary or weighted least squares explains; as in R squares are about the mean where there is an
  /// intercept.
  private mutating func setExplained(_ model: LinearMixedModel, _ products: CrossProducts) {
    guard model.groups.isEmpty, residual == nil else { return }
    let hasIntercept =
      products.specification.formula.writtenFixed?.hasIntercept
      ?? products.specification.fixed.hasIntercept
    let (n, p, s) = (Double(model.observations), fixedRank, model.fixed.responseScale)
    let rest = s * s * model.tail[model.fixedEffectCount, model.fixedEffectCount]
    let total = products.basis.squaresOfResponse(products.fixed.matrix, aboutMean: hasIntercept)
    let (df, constant) = (n - Double(p), hasIntercept ? 1 : 0)
    variationExplained = VariationExplained(
      overall: 1 - rest / total, within: nil,
      adjustedOverall: 1 - rest / df / (total / (n - Double(constant))))
    let rank = p - constant
    guard rank > 0 else { return }
    let meanSquare = (total - rest) / Double(rank)
    let statistic = meanSquare / (sigma * sigma)
    variationExplained?.test = VariationExplained.Test(
      statistic: statistic, numeratorDF: rank, denominatorDF: df,
      pValue: FisherF(numerator: Double(rank), denominator: df).cumulative(statistic, tail: .upper))
  }

  /// Says what a model has absorbed.
  mutating func setAbsorbed(_ model: LinearMixedModel, _ products: CrossProducts) {
    guard let fixedLevels = model.fixedLevels else {
      setExplained(model, products)
      return
    }
    if fixedLevels.reported == nil {
      absorbed = model.absorbedLevels
    } else {
      sparse = model.absorbedLevels
      let kept = model.fixed.kept
      covarianceNames = kept.map { model.fixed.names[$0] }
      coefficientsWithoutCovariance = fixedEffects.count { $0.estimate != nil } - kept.count
    }
    guard model.groups.isEmpty else { return }
    guard fixedLevels.reported == nil else {
      setExplained(model, products)
      return
    }
    let (n, s) = (Double(model.observations), model.fixed.responseScale)
    let rest = s * s * model.tail[model.fixedEffectCount, model.fixedEffectCount]
    let (total, within) = fixedLevels.squares
    let df = model.degreesOfFreedom(.reml)
    variationExplained = VariationExplained(
      overall: 1 - rest / total, within: within > 1e-13 * total ? 1 - rest / within : nil,
      adjustedOverall: 1 - rest / df / (total / (n - 1)))
  }
}
