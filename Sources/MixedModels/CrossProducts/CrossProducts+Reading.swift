// SPDX-License-Identifier: GPL-2.0-or-later
public import ModelFrames

extension CrossProducts {
  /// Reads the rows once and sums the products that a model of them needs.
  /// - Throws: `FormulaError`, `DataError` or `FitError`.
  public init(_ formula: Formula, data: [DataSource], options: FitOptions = FitOptions()) throws {
    self = try ModelReading(formula, data, options).crossProducts()
  }
}
