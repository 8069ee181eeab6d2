// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
package import NumericalMethods

/// y = Xβ + ZΛu + ε as far as the likelihood sees it: A = [Z X y]ᵀW[Z X y] in working coordinates,
/// and the way back to the coefficients that R would report. Immutable; knows neither rows nor θ.
public struct LinearMixedModel: Sendable {
  /// n, the rows.
  public let observations: Int
  var sumOfLogWeights: Double
  /// Of random effects.
  package internal(set) var groups: [RandomEffectsGroup]
  /// Of absorbed factors; nil where there are none.
  var fixedLevels: FixedLevels?
  /// ZᵢᵀWZⱼ of the levels of two groups that occur together.
  var pairs: [CoOccurrence]
  /// [X y]ᵀW[X y], (p + 1) × (p + 1), y last; y is what ordinary least squares leaves of the
  /// response.
  package var tail: DenseMatrix
  package var covariance: RelativeCovariance
  package let fixed: FixedCoordinates
  /// In lme4's order, parallel to the covariance's blocks.
  package internal(set) var terms: [ReportedTerm]
  /// What rounding of the cross-products cost.
  var lostDigits = LostDigits()
  /// What the data do not determine of the covariance parameters; nil where they determine all, or
  /// where nobody has asked (`determined(by:)`).
  var determination: Determination?
  /// σ² where it is known, in units of the response.
  var knownVariance: Double?
  /// The A_k of which A(φ) is made, where residuals have parameters; the A of this model is the one of
  /// equal coefficients, or that of `weighted(at:)`.
  var parts: ModelParts?
  /// Whether residuals are correlated in time.
  package var hasSerialResiduals: Bool { covariance.residual?.serial != nil }

  /// Whether σ is a parameter: neither known nor following from what is.
  var estimatesSigma: Bool { knownVariance == nil && covariance.knownDeviation == nil }

  /// p, the columns of X that were kept.
  public var fixedEffectCount: Int { tail.columns - 1 }
  /// Grouping factors.
  package var groupCount: Int { groups.count }
  /// The geometric mean of the prior weights, which a few huge or tiny ones do not move far.
  var usualWeight: Double { exp(sumOfLogWeights / Double(observations)) }
  /// q, the length of b.
  public var randomEffectCount: Int { groups.reduce(0) { $0 + $1.levelCount * $1.size } }

  /// r²-like residual variance as a share of what ordinary least squares leaves.
  func residualShare(_ sigma: Double) -> Double {
    let scaled = sigma / fixed.responseScale
    return scaled * scaled * Double(observations) / tail[tail.rows - 1, tail.columns - 1]
  }

  /// Whether σ is no more than rounding leaves: of r² = yᵀWy − …, or, for a row of the usual weight,
  /// of the response's own digits.
  func explainsExactly(_ sigma: Double) -> Bool {
    residualShare(sigma) < 1e-13
      || sigma < 16 * fixed.responseSize.ulp * usualWeight.squareRoot()
  }

  /// log |Q ⊗ I| over all groups.
  var logDeterminantQ: Double { logDeterminantQ([:]) }

  /// The same with other Q of some groups.
  func logDeterminantQ(_ precisions: [Int: SparsePrecision]) -> Double {
    groups.enumerated().reduce(0) { sum, next in
      let (g, group) = next
      let own = precisions[g]?.logDeterminant ?? group.precision.logDeterminant
      return sum + Double(group.size) * own
    }
  }

  /// n − p for REML, with the columns of absorbed factors in p; n for ML.
  func degreesOfFreedom(_ kind: CriterionKind) -> Double {
    Double(kind == .reml ? observations - fixedRank : observations)
  }

  /// Whether steps in time lead from one level of a group to another, so that ZᵀR⁻¹Z has blocks between
  /// them.
  var hasLinkedLevels: Bool { pairs.contains { $0.rowGroup == $0.columnGroup } }

  /// Whether θ is that of covariance matrices.
  ///
  /// - Throws: `FitError.numerical` for a parameter of a structure that is outside of its range.
  func checkTheta(_ θ: [Double]) throws(FitError) {
    guard let problem = covariance.problem(theta: θ, names: thetaNames) else { return }
    throw .numerical("θ is that of no covariance matrix: \(problem)")
  }

  /// lme4's names: `g.(Intercept)`, `g.x.(Intercept)` below the diagonal, `g.x`.
  var thetaNames: [String] {
    zip(terms, covariance.blocks).flatMap { term, block in
      block.structure?.parameters.map { "\(term.groupName).\($0.name(term.columns))" }
        ?? term.columns.indices.flatMap { j in
        term.columns.indices.filter { $0 >= j }.map { i in
          i == j
            ? "\(term.groupName).\(term.columns[j])"
            : "\(term.groupName).\(term.columns[i]).\(term.columns[j])"
        }
      }
    } + (covariance.residual?.names ?? [])
  }
}
