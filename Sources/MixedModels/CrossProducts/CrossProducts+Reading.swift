// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

extension CrossProducts {
  /// The cross-products of a model over all rows of the data, in one pass.
  ///
  /// - Throws: `FormulaError`, `DataError` or `FitError`.
  public init(_ formula: Formula, data: [any TableSource], options: FitOptions = FitOptions())
    throws
  {
    self = try ModelReading(formula, data, options).crossProducts()
  }
}
