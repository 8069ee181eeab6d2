// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

extension LinearPredictor {
  /// Reads a fit that was saved.
  ///
  /// - Throws: what `FittedModel(contentsOf:)` throws.
  public init(contentsOf path: String, options: FitOptions = FitOptions()) throws {
    try self.init(FittedModel(contentsOf: path, options: options.discardingCrossProducts))
  }

  /// Fits a formula to rows, to saved cross-products, or to both together.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`, `ModelFileError`.
  package init(_ formula: Formula, from input: ModelInput, options: FitOptions) throws {
    try self.init(
      FittedModel(formula, from: input, options: options.discardingCrossProducts))
  }
}
