// SPDX-License-Identifier: GPL-2.0-or-later
import NumericalMethods

/// One grouping factor with the columns of all its terms.
package struct RandomEffectsGroup: Sendable {
  /// ℓ, columns per level.
  package let size: Int
  /// In R's order.
  package let levels: [String]
  /// ZⱼᵀWZⱼ, level after level, ℓ × ℓ, symmetric.
  package let zz: [Double]
  /// ZⱼᵀW[X y], level after level, ℓ × (p + 1), column-major.
  package let zx: [Double]
  /// The cell (raw level) → level.
  package let rank: [Int]
  /// Working columns as combinations of raw ones, raw × ℓ.
  let B: DenseMatrix
  /// Q
  let precision: LevelPrecision
  /// The group that the levels are of, where this one has none of its own: see `LinearMixedModel.covary`.
  var source: Int?
  /// Its first column among those of the group that the levels are of.
  var sourceColumn = 0

  package var levelCount: Int { levels.count }

  func with(zz: [Double], zx: [Double]) -> RandomEffectsGroup {
    RandomEffectsGroup(
      size: size, levels: levels, zz: zz, zx: zx, rank: rank, B: B, precision: precision, source: source,
      sourceColumn: sourceColumn)
  }

  func with(_ precision: LevelPrecision) -> RandomEffectsGroup {
    RandomEffectsGroup(
      size: size, levels: levels, zz: zz, zx: zx, rank: rank, B: B, precision: precision)
  }
}
