// SPDX-License-Identifier: GPL-2.0-or-later
package import ModelFrames

extension FittedModel {
  /// Reads a fit that was saved, ready for tests; no rows and no search.
  ///
  /// - Throws: what `Fit(contentsOf:)` throws.
  public init(contentsOf path: String, options: FitOptions = FitOptions()) throws {
    self = try FitRun.restored(from: path, options: options).fittedModel()
  }

  /// Fits a formula to rows, to saved cross-products, or to both together.
  ///
  /// - Throws: `FormulaError`, `DataError`, `FitError`, `ModelFileError`.
  package init(_ formula: Formula, from input: ModelInput, options: FitOptions) throws {
    self = try FitRun(input.names, options) { try input.crossProducts(formula, options: options) }
      .fittedModel()
  }
}
