// SPDX-License-Identifier: GPL-2.0-or-later
import ModelFrames

extension FittedModel {
  /// The levels of a factor in their order, and the place of every code among them.
  ///
  /// - Throws: `FitError` where the levels that were asked for are not those of the data.
  package func levels(of factor: FactorVariable) throws -> (labels: [String], places: [Int]) {
    let levels = try DesignBuilder(products: products, options: options).levels(of: factor)
    return (levels.labels, levels.rank)
  }
}
