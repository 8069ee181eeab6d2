// SPDX-License-Identifier: GPL-2.0-or-later

/// Which factors of the fixed part are kept as sparse columns: solved for level by level, as absorbed
/// factors are, and reported by R's coefficients as dense columns are.
///
/// A factor can be kept so if it is a term by itself, with treatment contrasts (or, alone, sum contrasts), in a
/// model without strata, clusters, or covariances between residuals. It may be in products with numbers, f:x,
/// which are then kept so, too; one such factor stands alone. A number comes before its product, if it is there.
public enum SparseFixedEffects: Sendable, Equatable {
  /// Those that can be, from `fewestLevels` levels on, as far as the first rows tell; rows that can be read
  /// again are, where later ones tell otherwise.
  case automatic
  case none
  /// By name, as R writes them in coefficients: `f`, `factor(x)`, `f:h`.
  case factors([String])

  /// Dense columns of fewer levels are as fast, and all commands work beside them.
  static let fewestLevels = 200
  /// The same of the columns of an interaction.
  static let fewestCells = 1000
  /// More columns of an interaction are not for anybody to read.
  static let mostCells = 2_000_000
  /// Of levels with columns that combine them, whose standard errors take a solution each; more are sparse if asked for.
  static let mostCombined = 20_000
  /// Of levels with given or polynomial columns, whose matrix is inverted.
  static let largestMatrix = 1000
}
