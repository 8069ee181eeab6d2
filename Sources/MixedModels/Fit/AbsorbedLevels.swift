// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// The size of a factor whose levels' fixed effects are not reported.
public struct AbsorbedLevels: Sendable, Equatable {
  /// As grouping factors are named: `a`, `a:b`.
  public let name: String
  public let levelCount: Int
  /// Levels less those whose columns are combinations of others': the first of every connected component
  /// where there are two factors.
  public let estimatedCount: Int
}

/// R² of least squares beside absorbed factors: of the response about its mean, and of what the factors
/// leave of it.
public struct VariationExplained: Sendable, Equatable {
  /// 1 − r² / Σ w (y − ȳ)².
  public let overall: Double
  /// 1 − r² / Σ w (My)², where M takes the factors' levels out; nil where these leave nothing.
  public let within: Double?
  /// The same as `overall` with every sum of squares divided by its degrees of freedom.
  public let adjustedOverall: Double
  /// Of all coefficients but the intercept together; nil beside absorbed factors, and where there are none.
  public var test: Test?

  /// An F test.
  public struct Test: Sendable, Equatable {
    public let statistic: Double
    public let numeratorDF: Int
    public let denominatorDF: Double
    public let pValue: Double
  }
}

/// The effects of a factor's levels, in units of the response: with Xβ and the random effects they add up
/// to fitted values.
public struct AbsorbedEffects: Sendable {
  public let name: String
  /// In R's order.
  public let levels: [String]
  /// 0 for redundant levels.
  public let values: [Double]
  /// Whether a level's column is a combination of others', so that its effect is taken for 0.
  public let isRedundant: [Bool]
}

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
    let total = products.squaresOfResponse(aboutMean: hasIntercept)
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

extension CrossProducts {
  /// Σ w (y − ȳ)², or Σ wy², in units of the response.
  fileprivate func squaresOfResponse(aboutMean: Bool) -> Double {
    let all = fixed.matrix  // y is column 0, the constant column 1
    let response = [basis.responseScale] + (0..<all.rows - 1).map {
      $0 < basis.predictor.count ? basis.predictor[$0] : 0
    }
    guard aboutMean else { return dot(response, all * response) }
    // The mean is taken off before squares are formed, so that a large one costs no digits.
    var rest = response
    rest[1] = 0
    let image = all * rest
    rest[1] = -image[1] / all[1, 1]
    return dot(rest, all * rest)
  }
}
