// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// Where the variance of the response comes from: R², intraclass correlations, and the principal
/// components of every random covariance.
///
/// R² is that of Nakagawa & Schielzeth (2013, Methods in Ecology and Evolution 4, 133–142), with random
/// slopes that of Johnson (2014, Methods in Ecology and Evolution 5, 944–946).
///
/// The variance of the fixed part is that of Xβ over the rows, n − 1 below; that of a random term the
/// mean over the rows of zᵀΣz, tr(ZΣZᵀ)/n. Both come from cross-products. With prior weights the rows
/// count by them in all three parts: as they do in the cross-products, and in the residual variance,
/// whose mean Σ wᵢ(σ²/wᵢ)/Σw is σ² divided by the mean weight. So shares depend neither on the unit
/// of the weights nor, where all weights are alike, on there being weights. (MuMIn and performance take
/// σ², the residual variance of weight 1.) Offsets have no share.
///
/// Of strata with residual variances of their own the residual variance is the mean over the rows, Σ n_sσ_s²/n. A
/// correlation of the residuals in time changes no row's variance, and no share.
public struct VarianceExplained: Sendable {
  /// The share of one random-effects term.
  public struct Share: Sendable {
    /// lme4's name of the term.
    public let name: String
    public let group: String
    /// tr(ZΣZᵀ)/n.
    public let variance: Double
  }
  public struct GroupCorrelation: Sendable {
    public let group: String
    /// Of all terms on the factor.
    public let variance: Double
    /// Relative to the random effects and the residuals.
    public let adjusted: Double
    /// Relative to the fixed part as well.
    public let unadjusted: Double
  }
  public let formula: String
  public let criterionKind: CriterionKind
  public let fixedVariance: Double
  public let residualVariance: Double
  /// In lme4's order.
  public let shares: [Share]
  public let components: [PrincipalComponents]
  /// The functions of variances that were asked for.
  public let ratios: [VarianceRatio]
  public let messages: [String]
  /// Whether rows of a subject are correlated by their residuals, so that there are no shares of random effects to
  /// correlate them.
  let hasCorrelatedResiduals: Bool

  public var randomVariance: Double { shares.reduce(0) { $0 + $1.variance } }
  private var total: Double { fixedVariance + randomVariance + residualVariance }

  /// The share of the fixed part.
  public var marginalR²: Double { fixedVariance / total }
  /// The share of the fixed part and the random effects.
  public var conditionalR²: Double { (fixedVariance + randomVariance) / total }
  /// The share of the random effects in what the fixed part leaves; NaN where residuals are correlated.
  public var adjustedICC: Double {
    hasCorrelatedResiduals ? .nan : randomVariance / (randomVariance + residualVariance)
  }
  /// The share of the random effects; NaN likewise.
  public var unadjustedICC: Double { hasCorrelatedResiduals ? .nan : randomVariance / total }

  /// One per grouping factor, in the order of the terms.
  public var correlations: [GroupCorrelation] {
    var names: [String] = []
    for share in shares where !names.contains(share.group) { names.append(share.group) }
    return names.map { name in
      let variance = shares.filter { $0.group == name }.reduce(0) { $0 + $1.variance }
      return GroupCorrelation(
        group: name, variance: variance,
        adjusted: variance / (randomVariance + residualVariance), unadjusted: variance / total)
    }
  }
}

extension FittedModel {
  /// - Parameters:
  ///   - ratios: Functions of the variances, see `varianceRatios`.
  ///   - level: Coverage of their intervals.
  ///   - intervals: How these are made.
  /// - Throws: `InferenceError` for a ratio that is none.
  public func varianceExplained(
    ratios: [String] = [], level: Double = 0.95, intervals: RatioInterval = .wald
  ) throws -> VarianceExplained {
    let ofPriorWeights = model.withIndependentResiduals()
    let variance = repeated?.meanVariance ?? coefficients.variance
    let sumOfWeights = products.sumOfWeights
    var notes = fit.convergence.messages
    if products.basis.weights != nil {
      notes.append(
        "rows count by their prior weights; the residual variance is that of the mean weight")
    }
    if let repeated {
      notes.append(
        "the residual variance is the mean of those at the visits of the rows (\(Setting.residual(repeated.model.term.text))); rows of one \(repeated.model.term.subject) are correlated by their residuals, so that there is no intraclass correlation"
      )
    }
    if case .column = formula.response {
    } else {
      notes.append("results are for \(formula.response.deparsed)")
    }
    if let strata = fit.residualStrata {
      notes.append("the residual variance is the mean over the rows of those by \(strata.name)")
    }
    return try VarianceExplained(
      formula: fit.formula, criterionKind: fit.criterionKind,
      fixedVariance: fixedPartVariance,
      residualVariance: variance * model.residualVarianceRatios(φ) / sumOfWeights,
      shares: zip(model.terms, ofPriorWeights.meanSquares(φ)).map { term, square in
        .init(
          name: term.name, group: term.groupName, variance: variance * square / sumOfWeights)
      },
      components: principalComponents,
      ratios: ratios.isEmpty ? [] : varianceRatios(ratios, level: level, intervals: intervals),
      messages: notes, hasCorrelatedResiduals: repeated != nil)
  }

  /// Of Xβ over the rows.
  ///
  /// With c = XᵀW1, the part of Xβ that is a multiple of the constant is taken off before squares are
  /// formed, so that a large mean costs no digits where the constant is in X's space. With absorbed factors
  /// of Xβ and their levels' effects: what D leaves of Xβ, and what it explains.
  private var fixedPartVariance: Double {
    let n = Double(model.observations)
    if let levels = model.fixedLevels {
      let estimates = optimum.estimates
      let β = coefficients.β
      let square =
        dot(β, β)
        + levels.squareOfExplained(estimates.rawCoefficients, estimates.fixedLevelEffects)
      return square / products.sumOfWeights * n / (n - 1)
    }
    let all = products.fixed.matrix
    let constant = (1..<all.rows).map { all[$0, 1] }  // column 0 is y, column 1 the constant
    let c = model.fixed.B.multipliedByTransposeOnLeft(constant)
    let total = all[1, 1]
    let β = coefficients.β
    let mean = dot(c, β) / total
    let rest = zip(β, c).map { $0 - mean * $1 }
    let outside = max(0, 1 - dot(c, c) / total)
    let square = dot(rest, rest) + mean * mean * total * (outside > 1e-12 ? outside : 0)
    return square / total * n / (n - 1)
  }
}

extension LinearMixedModel {
  /// Σ (σ_i/σ)² over the rows, n where they have one residual variance.
  fileprivate func residualVarianceRatios(_ φ: [Double]) -> Double {
    guard let (strata, own) = covariance.strata(φ) else { return Double(observations) }
    return zip(strata.rows, [1] + strata.values(own)).reduce(0) { $0 + Double($1.0) * $1.1 * $1.1 }
  }

  /// tr(W^½Zλλᵀ ZᵀW^½) of every term.
  fileprivate func meanSquares(_ φ: [Double]) -> [Double] {
    var factors = covariance.emptyFactors
    covariance.factors(φ, into: &factors)
    return covariance.blocks.map { block in
      let (group, λ) = (groups[block.group], factors[block.group])
      let ℓ = group.size
      let own = block.offset..<block.offset + block.size
      var sum = 0.0
      for i in own {
        for j in own {
          let γ = (0..<ℓ).reduce(0.0) { $0 + λ[$1 * ℓ + i] * λ[$1 * ℓ + j] }
          guard γ != 0 else { continue }
          var zz = 0.0
          for level in 0..<group.levelCount { zz += group.zz[(level * ℓ + j) * ℓ + i] }
          sum += γ * zz
        }
      }
      return sum
    }
  }
}
