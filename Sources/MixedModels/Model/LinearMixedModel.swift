// SPDX-License-Identifier: GPL-2.0-or-later
import Glibc
import NumericalMethods

/// y = Xβ + ZΛu + ε as far as the likelihood sees it: A = [Z X y]ᵀW[Z X y] in working coordinates,
/// and the way back
/// to the coefficients that R would report. Immutable; knows neither rows nor θ.
public struct LinearMixedModel: Sendable {
  /// n, the rows.
  public let observations: Int
  let sumOfLogWeights: Double
  let groups: [RandomEffectsGroup]
  /// ZᵢᵀWZⱼ of the levels of two groups that occur together.
  let pairs: [CoOccurrence]
  /// [X y]ᵀW[X y], (p + 1) × (p + 1), y last; y is what ordinary least squares leaves of the
  /// response.
  let tail: DenseMatrix
  package var covariance: RelativeCovariance
  let fixed: FixedCoordinates
  /// In lme4's order, parallel to the covariance's blocks.
  let terms: [ReportedTerm]
  /// What the data do not determine of the covariance parameters; nil where they determine all, or
  /// where nobody has asked (`determined(by:)`).
  var determination: Determination?
  /// What rounding of the cross-products cost.
  var lostDigits = LostDigits()

  /// p, the columns of X that were kept.
  public var fixedEffectCount: Int { tail.columns - 1 }
  /// Grouping factors.
  package var groupCount: Int { groups.count }
  /// The geometric mean of the prior weights, which a few huge or tiny ones do not move far.
  var usualWeight: Double { exp(sumOfLogWeights / Double(observations)) }
  /// q, the length of b.
  public var randomEffectCount: Int { groups.reduce(0) { $0 + $1.levelCount * $1.size } }
}

/// One grouping factor with the columns of all its terms.
struct RandomEffectsGroup: Sendable {
  /// ℓ, columns per level.
  let size: Int
  /// In R's order.
  let levels: [String]
  /// ZⱼᵀWZⱼ, level after level, ℓ × ℓ, symmetric.
  let zz: [Double]
  /// ZⱼᵀW[X y], level after level, ℓ × (p + 1), column-major.
  let zx: [Double]
  /// The cell (raw level) → level.
  let rank: [Int]
  /// Working columns as combinations of raw ones, raw × ℓ.
  let B: DenseMatrix

  var levelCount: Int { levels.count }
}

/// The pairs of levels of two groups that occur in the same rows.
struct CoOccurrence: Sendable {
  let rowGroup: Int
  let columnGroup: Int
  /// Sorted by row level, then column level.
  let rowLevels: [Int32]
  let columnLevels: [Int32]
  /// Pair after pair, ℓ_row × ℓ_column, column-major.
  let blocks: [Double]
}

/// From working coefficients back to R's.
struct FixedCoordinates: Sendable {
  /// R's names of all columns, the dropped ones included.
  let names: [String]
  let kept: [Int]
  /// X_reported = X_working · R, p × p.
  let R: DenseMatrix
  /// Raw × p.
  let B: DenseMatrix
  /// The least-squares fit that was taken off the response: working coefficients, in units of the
  /// scaled response.
  let leastSquares: [Double]
  /// The same for what was taken off while reading, in units of the response, without its level.
  let predictor: [Double]
  /// What was taken off the response in all rows alike, and belongs to the intercept.
  let level: Double
  /// That predictor in raw columns; zero if it had to be put back.
  let rawPredictor: [Double]
  /// Units of the response per unit of the scaled response.
  let responseScale: Double
  /// Root mean square of the response.
  let responseSize: Double
}

/// A random-effects term as lme4 lists it.
struct ReportedTerm: Sendable {
  /// `groupName`, with .1, .2, … for further terms on the same factor.
  var name: String
  let group: Int
  let groupName: String
  let columns: [String]
}
