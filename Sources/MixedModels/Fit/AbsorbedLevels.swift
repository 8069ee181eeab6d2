// SPDX-License-Identifier: GPL-2.0-or-later

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
